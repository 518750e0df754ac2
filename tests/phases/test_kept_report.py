from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.run import kept_sums
from tests.phases.counting import counting
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from tests.phases.world import World

KEPT = "reported.msgpack"


@pytest.fixture
def long(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(kept_sums, "_WORTH_KEEPING_BYTES", 0)
    return world.do_all("plan", *COMMANDS)


def tasks_opened(world: World) -> int:
    with counting(world.root) as counts:
        world.report()
    return counts.of(counts.opened, "tasks.jsonl")


def test_the_report_of_a_long_run_that_is_as_it_was_opens_no_task(long: World) -> None:
    before = long.report()
    assert tasks_opened(long) == 0
    assert long.report() == before


@pytest.mark.parametrize("name", ["report.html", "report.json", KEPT])
def test_what_is_gone_of_it_is_written_again(long: World, name: str) -> None:
    whole = long.tree()
    (long.run.path / name).unlink()
    assert tasks_opened(long) > 0
    assert (long.tree(), tasks_opened(long)) == (whole, 0)


def test_a_page_that_somebody_changed_is_written_again(long: World) -> None:
    whole = long.tree()
    long.run.report_page.write_bytes(b"mine")
    long.report()
    assert long.tree() == whole


def test_a_report_after_a_revert_says_so(long: World) -> None:
    before = long.report().report.summary.reverted
    long.do_all("revert", "report")
    assert (before, long.run.report().summary.reverted) == (0, 5)


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x80"])
def test_a_kept_report_that_is_damaged_counts_for_nothing(long: World, content: bytes) -> None:
    (long.run.path / KEPT).write_bytes(content)
    assert tasks_opened(long) > 0


def test_of_a_short_run_nothing_is_kept(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    assert not (world.run.path / KEPT).exists()
