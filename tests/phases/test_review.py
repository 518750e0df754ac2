"""What a person says of a picture is written into its entry, and counts from then on."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch import exchange, yaml12
from chargen_batch.errors import LockedError, ResultsError
from chargen_batch.model.review import Decision
from chargen_batch.phases import explain, review
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.phases.review import Desk, UnknownPictureError
from tests.phases import story
from tests.phases.test_editors import MINE, SAVES
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chargen_batch.model.review import Status
    from tests.phases.world import World

TO_APPLY = COMMANDS[:-1]
OVERVIEW = "overview: {description: A kiln on a hill., title: The Kiln}\n"


@pytest.fixture
def drawn(world: World) -> World:
    """Give a story whose pictures are drawn, and none decided."""
    return world.do_all("plan", *TO_APPLY)


def desk(world: World, **choices: Any) -> Desk:  # noqa: ANN401 - the desk's own
    return Desk(world.project, contextlib.nullcontext, **choices)


def ids(desk: Desk) -> dict[str, str]:
    return {each.text("generation", "target_id"): each.id for each in desk.pictures()}


def say(desk: Desk, target: str, status: Status, note: str = "") -> None:
    desk.decide(Decision(id=ids(desk)[target], status=status, note=note))


def entry(world: World, file: str = story.INES, number: int = 0) -> dict[str, Any]:
    data: Any = yaml12.load((world.root / file).read_bytes(), where=file)
    found: dict[str, Any] = data["image_inventory"][number]
    return found


def states(world: World) -> dict[str, tuple[str, int]]:
    found = world.plan(PlanChoices(dry_run=True)).verdicts
    return {each.task.target_id: (each.state, each.task.variant) for each in found}


def test_every_draft_of_the_story_waits_and_what_is_decided_no_more(drawn: World) -> None:
    assert list(ids(desk(drawn))) == [*story.TARGETS]
    say(desk(drawn), "fire-mouth", "approved")
    assert "fire-mouth" not in ids(desk(drawn))
    assert "fire-mouth" in ids(desk(drawn, every=True))


def test_what_was_decided_here_stays_in_sight(drawn: World) -> None:
    here = desk(drawn)
    say(here, "fire-mouth", "rejected")
    assert "fire-mouth" in ids(here)


def test_one_run_is_reviewed_without_the_others(drawn: World) -> None:
    first = drawn.run.run_id
    drawn.plan(PlanChoices(skip="none", target="door-opens"))
    drawn.do_all(*TO_APPLY)
    assert list(ids(desk(drawn, run_id=drawn.run.run_id))) == ["door-opens"]
    assert len(desk(drawn, run_id=first).pictures()) == len(story.TARGETS)


def test_a_decision_changes_its_lines_and_nothing_else(drawn: World) -> None:
    before = drawn.tree()
    say(desk(drawn), "throwing-a-bowl", "rejected", "Too dark: #1\n😀")
    after = drawn.tree()
    changed = [name for name in after if after[name] != before.get(name)]
    assert changed == [story.INES]
    old, new = (tree[story.INES].decode().splitlines() for tree in (before, after))
    assert [line for line in new if line not in old] == [
        '    status: "rejected"',
        '    review_note: "Too dark: #1\\n😀"',
    ]
    assert len(new) == len(old) + 1


def test_a_draft_again_without_a_note_has_the_bytes_that_it_had(drawn: World) -> None:
    before, here = drawn.tree(), desk(drawn)
    for target in story.TARGETS:
        say(here, target, "rejected", "no")
        say(here, target, "draft")
    assert drawn.tree() == before
    report = here.report()
    assert (report.approved, report.rejected, report.next_command) == (0, 0, None)


def test_saying_the_same_again_writes_nothing(drawn: World) -> None:
    here = desk(drawn)
    say(here, "carrying-wood", "approved", "good")
    written = (drawn.root / story.INES).stat()
    say(here, "carrying-wood", "approved", "good")
    assert (drawn.root / story.INES).stat() == written
    assert here.report().approved == 1


def test_what_is_rejected_is_planned_as_the_next_variant(drawn: World) -> None:
    here = desk(drawn)
    for target in ("throwing-a-bowl", "fire-mouth", "door-opens"):
        say(here, target, "rejected")
    say(here, "carrying-wood", "approved")
    found = states(drawn)
    again = {target for target, state in found.items() if state == ("rejected", 2)}
    assert again == {"throwing-a-bowl", "fire-mouth", "door-opens"}
    assert {found["carrying-wood"][0], found["first-smoke"][0]} == {"done"}
    assert here.report() == review.ReviewReport(None, 1, 3, "run")


def test_the_next_variant_is_drawn_and_is_the_draft_then(drawn: World) -> None:
    say(desk(drawn), "door-opens", "rejected", "the door is shut")
    drawn.do_all("plan", *TO_APPLY)
    (waiting,) = [each for each in desk(drawn).pictures() if "door-opens" in each.task_key]
    assert (waiting.value("generation", "variant"), waiting.note) == (2, "")
    assert "the door is shut" in drawn.read(story.CHAPTER)


def test_a_rejected_portrait_says_how_to_plan_it_again(world: World) -> None:
    (world.root / "characters/tomas/images/portrait.png").unlink()
    world.write("characters/tomas/profile.md", "# Tomas\n\nA tall man with a red beard.\n")
    asked = PlanChoices(scope="characters", portraits=True, target="portrait")
    world.plan(asked)
    world.do_all(*TO_APPLY)
    here = desk(world)
    say(here, "portrait", "rejected")
    assert here.report().next_command == "run --portraits"
    (verdict,) = world.plan(asked).planned
    assert (verdict.state, verdict.task.variant) == ("rejected", 2)


def test_an_approved_overview_is_the_reference_of_its_zones(world: World) -> None:
    world.write(story.KILN, OVERVIEW + world.read(story.KILN))
    world.plan(PlanChoices(target="overview"))
    world.do_all(*TO_APPLY)

    def references() -> list[str]:
        (zone,) = world.plan(PlanChoices(target="fire-mouth", dry_run=True)).planned
        return [each.path for each in zone.task.reference_images]

    assert references() == []
    say(desk(world), "overview", "approved")
    (path,) = references()
    assert path.startswith("locations/old-kiln/images/overview-")


def test_a_portrait_that_is_rejected_is_no_reference_and_an_approved_one_is(world: World) -> None:
    (world.root / story.PORTRAIT).unlink()
    world.plan(PlanChoices(scope="characters", portraits=True, target="portrait"))
    world.do_all(*TO_APPLY)

    def shown() -> int:
        (scene,) = world.plan(PlanChoices(target="carrying-wood", dry_run=True)).planned
        return len(scene.task.reference_images)

    here = desk(world)
    say(here, "portrait", "rejected")
    assert shown() == 0
    say(here, "portrait", "approved")
    assert shown() == 1


def test_revert_leaves_what_a_person_decided_and_says_so(drawn: World) -> None:
    say(desk(drawn), "throwing-a-bowl", "approved")
    say(desk(drawn), "carrying-wood", "draft", "look again")
    say(desk(drawn), "fire-mouth", "rejected")
    report = drawn.revert()
    left = {each.key.rpartition("@")[0].rpartition("/")[2]: each.why for each in report.left}
    said = ("throwing-a-bowl", "carrying-wood", "fire-mouth")
    assert left == dict.fromkeys(said, "its entry was changed")
    assert len(report.reverted) == len(story.TARGETS) - len(said)
    assert len(desk(drawn, every=True).pictures()) == len(said)


def test_explain_knows_a_picture_that_was_decided(drawn: World) -> None:
    say(desk(drawn), "throwing-a-bowl", "rejected", "too dark")
    image = drawn.root / "characters/ines" / entry(drawn)["path"]
    report = explain.run(image, drawn.project, clock=drawn.clock)
    assert (report.status, report.unchanged, report.known_by) == (
        "rejected",
        True,
        ("picture", "entry", "run", "story"),
    )
    assert report.now
    assert report.now.state == "rejected"


def test_apply_and_restore_keep_what_was_decided(drawn: World) -> None:
    say(desk(drawn), "throwing-a-bowl", "approved", "good")
    before = drawn.tree()
    drawn.do_all("apply", "restore")
    assert drawn.tree() == before


NOTES = ["a: b # c", "two\nlines", 'it\'s "q"', "\x00\x07\x1b[31m", "- x", "😀\u2028\ufeff", " "]


@pytest.mark.parametrize("note", NOTES)
def test_a_note_of_any_kind_is_read_back(drawn: World, note: str) -> None:
    here = desk(drawn)
    say(here, "throwing-a-bowl", "rejected", note)
    assert entry(drawn)["review_note"] == note
    assert here.pictures()[0].note == note


@pytest.mark.parametrize(
    ("there", "shown"), [("one\ntwo", "onetwo"), ("a\r\nb", "a\nb"), ("x\x07", "x\u2407")]
)
def test_a_note_that_a_page_cannot_show_as_it_is_stays(
    drawn: World, there: str, shown: str
) -> None:
    here = desk(drawn)
    say(here, "throwing-a-bowl", "draft", there)
    say(here, "throwing-a-bowl", "approved", shown)
    assert (entry(drawn)["review_note"], entry(drawn)["status"]) == (there, "approved")


@SAVES
def test_an_editor_that_saves_meanwhile_keeps_its_edit(
    drawn: World, monkeypatch: pytest.MonkeyPatch, save: Callable[[Path], None]
) -> None:
    really, saves = exchange.replace_if_still, [save]

    def saved_ahead(path: Path, old: bytes | None, new: bytes) -> bool:
        if saves:
            saves.pop()(path)
        return really(path, old, new)

    monkeypatch.setattr(exchange, "replace_if_still", saved_ahead)
    say(desk(drawn), "throwing-a-bowl", "approved")
    assert drawn.read(story.INES).encode().endswith(MINE)
    assert entry(drawn)["status"] == "approved"


def test_the_lock_is_held_for_a_decision_and_no_longer(drawn: World) -> None:
    held: list[str] = []

    @contextlib.contextmanager
    def lock() -> Iterator[None]:
        held.append("taken")
        yield
        held.append("given back")

    here = Desk(drawn.project, lock)
    here.pictures()
    assert held == []
    say(here, "throwing-a-bowl", "approved")
    assert held == ["taken", "given back"]


def test_a_story_that_another_command_holds_says_so_and_stays(drawn: World) -> None:
    def held() -> contextlib.AbstractContextManager[None]:
        raise LockedError("apply is at work here", hint="give --lock-timeout")

    here, before = Desk(drawn.project, held), drawn.tree()
    with pytest.raises(LockedError, match="apply is at work here") as caught:
        say(here, "throwing-a-bowl", "approved")
    assert caught.value.hint == "wait for it to end"
    assert (drawn.tree(), here.report().approved) == (before, 0)


def test_an_entry_that_has_gone_or_stands_there_twice_is_refused(drawn: World) -> None:
    here = desk(drawn)
    known = ids(here)
    text = drawn.read(story.INES)
    twice = text + text.partition("image_inventory:")[2].split("  # nothing yet\n")[-1].lstrip("\n")
    drawn.write(story.INES, twice)
    with pytest.raises(ResultsError, match="has its entry 2 times"):
        here.decide(Decision(id=known["throwing-a-bowl"], status="approved"))
    drawn.write(story.INES, "image_inventory: []\n")
    with pytest.raises(ResultsError, match="its entry is not in"):
        here.decide(Decision(id=known["throwing-a-bowl"], status="approved"))


def test_a_file_that_was_broken_meanwhile_stays_as_it_is(drawn: World) -> None:
    here = desk(drawn)
    known = ids(here)
    drawn.write(story.INES, "image_inventory: [\n")
    with pytest.raises(ResultsError, match=r"^characters/ines/imagery\.yaml:2:1: ") as caught:
        here.decide(Decision(id=known["throwing-a-bowl"], status="approved"))
    assert caught.value.hint == "mend the file, then press again"
    assert drawn.read(story.INES) == "image_inventory: [\n"
    assert story.KILN not in str(desk(drawn).problems)


def test_entries_that_are_not_ours_are_neither_shown_nor_written(drawn: World) -> None:
    theirs = "image_inventory:\n  - {id: mine, path: images/portrait.png, status: draft}\n"
    drawn.write("characters/tomas/imagery.yaml", theirs)
    here = desk(drawn)
    assert [*ids(here)] == [*story.TARGETS]
    with pytest.raises(UnknownPictureError):
        here.decide(Decision(id="mine", status="approved"))
    assert drawn.read("characters/tomas/imagery.yaml") == theirs


def test_a_picture_is_shown_by_its_entry_and_its_references_by_number(drawn: World) -> None:
    here = desk(drawn)
    known = ids(here)
    image = drawn.root / "characters/ines" / entry(drawn)["path"]
    assert here.picture(known["throwing-a-bowl"]).content == image.read_bytes()
    reference = here.reference(known["throwing-a-bowl"], 0)
    assert (reference.content, reference.mime) == (
        (drawn.root / story.PORTRAIT).read_bytes(),
        "image/png",
    )
    with pytest.raises(UnknownPictureError):
        here.reference(known["throwing-a-bowl"], 7)


OUTSIDE = ["../../../secret.png", "/etc/hostname", "../tomas/images/portrait.png", "images/../../x"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_that_leads_out_of_the_entity_shows_nothing(drawn: World, path: str) -> None:
    (drawn.root.parent / "secret.png").write_bytes(story.portrait("red"))
    drawn.write(story.INES, drawn.read(story.INES).replace(entry(drawn)["path"], path, 1))
    here = desk(drawn)
    first = here.pictures()[0]
    assert first.text("path") == path
    assert not here.has_picture(first)
    with pytest.raises(UnknownPictureError):
        here.picture(first.id)


@pytest.mark.parametrize("to", ["secret.png", "story/characters/tomas/images/portrait.png", "gone"])
def test_a_link_that_leads_out_of_the_entity_shows_nothing(drawn: World, to: str) -> None:
    (drawn.root.parent / "secret.png").write_bytes(story.portrait("red"))
    image = drawn.root / "characters/ines" / entry(drawn)["path"]
    image.unlink()
    image.symlink_to(drawn.root.parent / to)
    here = desk(drawn)
    with pytest.raises(UnknownPictureError):
        here.picture(ids(here)["throwing-a-bowl"])


def test_a_link_inside_of_the_entity_is_followed_to_a_picture_alone(drawn: World) -> None:
    image = drawn.root / "characters/ines" / entry(drawn)["path"]
    image.rename(image.with_name("other.png"))
    image.symlink_to("other.png")
    here = desk(drawn)
    assert here.picture(ids(here)["throwing-a-bowl"]).mime == "image/png"
    image.with_name("other.png").write_bytes(b"<svg onload=alert(1)>")
    with pytest.raises(UnknownPictureError):
        here.picture(ids(here)["throwing-a-bowl"])
