"""How far a story is, entity by entity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core import standing
from chargen_batch.core.planning import Verdict
from chargen_batch.core.standing import Standing
from chargen_batch.model.target import Entry, Target
from tests import samples

if TYPE_CHECKING:
    from chargen_batch.model.target import TargetState


def verdict(target_id: str, state: TargetState, *entries: Entry, slug: str = "ada") -> Verdict:
    target = Target(
        entity_type="character",
        entity_slug=slug,
        target_id=target_id,
        scenario="character",
        title="",
        description="",
        tags=(),
        prompt="",
        negative_prompt="",
        references=(),
        aspect_ratio=None,
        image_size=None,
        file="",
        yaml_path=(),
        output_dir="",
        output_stem="",
        entries=entries,
    )
    return Verdict(target, samples.task(), state, "", planned=False)


def entry(status: str, *, provider: str = "gemini", file_exists: bool = True) -> Entry:
    return Entry(task_key="k", variant=1, status=status, provider=provider, file_exists=file_exists)


def count(*verdicts: Verdict, rehearsal: bool = False) -> Standing:
    (found,) = standing.standings(verdicts, rehearsal=rehearsal)
    return found


def test_each_state_is_counted_where_it_belongs() -> None:
    states: tuple[TargetState, ...] = (
        *("new", "rejected", "done", "changed"),
        *("in_flight", "refused", "removed", "renamed"),
    )
    found = count(*(verdict(state, state) for state in states))
    assert found == Standing(
        "character/ada", wanted=8, done=1, rejected=1, changed=1, in_flight=1, open=2
    )
    assert found.other == 3


def test_target_with_several_candidates_counts_once() -> None:
    assert count(verdict("a", "new"), verdict("a", "new")).wanted == 1


def test_approved_is_a_live_picture_that_a_person_approved_whatever_its_state() -> None:
    found = count(
        verdict("a", "done", entry("approved"), entry("approved")),
        verdict("b", "changed", entry("approved")),
        verdict("c", "done", entry("draft")),
        verdict("d", "new", entry("approved", file_exists=False)),
    )
    assert (found.approved, found.done, found.changed) == (2, 2, 1)


def test_approved_placeholder_counts_in_rehearsals_only() -> None:
    rehearsed = verdict("a", "done", entry("approved", provider="emulator"))
    assert [count(rehearsed, rehearsal=each).approved for each in (False, True)] == [0, 1]


def test_entities_stand_in_the_storys_order_and_add_up() -> None:
    verdicts = (verdict("a", "done", slug="zoe"), verdict("a", "new", slug="ada"))
    found = standing.standings(verdicts, rehearsal=False)
    assert [each.entity for each in found] == ["character/zoe", "character/ada"]
    assert standing.total(found) == Standing("total", wanted=2, done=1, open=1)
