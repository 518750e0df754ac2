"""A line that is odd in whatever way stops no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core.generation import Generation
from tests.phases import lines
from tests.phases.story import TARGETS
from tests.service.lines import picture_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

    from chargen_batch.core.results import ParsedLine, ReadLine
    from tests.phases.world import World
    from tests.service.lines import Line


def strangers(requests: Sequence[Line]) -> Iterable[Line | bytes]:
    yield picture_line("z" * 1_000_000)
    yield from (picture_line(str(request["key"])) for request in requests)


def test_an_unknown_key_is_not_kept_whole(world: World) -> None:
    world.service.results = strangers
    world.before("report")
    assert (world.run.path / "state.json").stat().st_size < 50_000


def test_a_row_error_with_an_odd_code_ends_its_task_alone(world: World) -> None:
    world.service.results = lines.by_target(
        carrying_wood=lambda key: {"key": key, "error": {"code": "²", "message": "x"}}
    )
    world.before("apply")
    assert world.apply().completed == len(TARGETS) - 1
    assert world.codes() == {"carrying-wood": "ROW_ERROR_²"}


def test_a_line_that_cannot_be_read_is_told_of_and_the_others_are_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = Generation.outcome

    def odd(adapter: Generation, line: ParsedLine) -> ReadLine:
        if "carrying-wood" in str(line.key):
            raise ValueError("a number too long")
        return outcome(adapter, line)

    world.before("apply")
    monkeypatch.setattr(Generation, "outcome", odd)
    report = world.apply()
    assert report.completed == len(TARGETS) - 1
    assert [told.partition(" ")[2] for told in report.warnings] == [
        "does not parse: a number too long"
    ]
