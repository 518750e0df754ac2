from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import DocumentError, ExitCode
from chargen_batch.model.report import BatchReport
from chargen_batch.report import page
from tests.phases import lines
from tests.phases.story import TARGETS
from tests.phases.world import COMMANDS
from tests.service.lines import error_line

if TYPE_CHECKING:
    from tests.phases.world import World


def test_the_report_says_what_a_run_came_to(world: World) -> None:
    world.service.results = lines.by_target(fire_mouth=error_line)
    world.before("report")
    report = world.report()
    summary = report.report.summary
    assert (summary.total, summary.success, summary.failed, summary.open) == (5, 4, 1, 0)
    assert report.exit_code is ExitCode.SOME_TASKS_FAILED
    assert [failure.error.code for failure in report.report.failures] == ["ROW_ERROR_13"]


def test_report_json_is_the_report(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    report = world.report()
    read = msgspec.json.decode(report.json_file.read_bytes(), type=BatchReport)
    assert (read, report.exit_code) == (report.report, ExitCode.DONE)


def test_the_page_names_every_target_and_fetches_nothing(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    page = world.report().page_file.read_text("utf-8")
    assert all(target in page for target in TARGETS)
    assert "http://" not in page
    assert "https://" not in page


def test_an_unfinished_run_has_open_tasks(world: World) -> None:
    world.do_all("plan", "stage")
    summary = world.report().report.summary
    assert (summary.open, summary.success) == (5, 0)


def test_a_damaged_state_is_an_error_that_says_so(world: World) -> None:
    world.do_all("plan")
    world.run.state_file.write_text("{}")
    with pytest.raises(DocumentError, match="damaged") as told:
        world.report()
    assert told.value.exit_code is ExitCode.FAILED


def test_a_run_with_many_tasks_has_an_index_and_pages(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE_ROWS", 2)
    world.service.results = lines.by_target(fire_mouth=error_line)
    world.before("report")
    index = world.report().page_file.read_text("utf-8")
    pages = [path.read_text("utf-8") for path in sorted(world.run.path.glob("report-*.html"))]
    assert [each.count("<article") for each in (index, *pages)] == [0, 2, 2, 1]
    assert all(f'href="report-000{number}.html"' in index for number in (1, 2, 3))
    assert "ROW_ERROR_13" in index


def test_a_report_that_says_the_same_is_not_written_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "PAGE_ROWS", 2)
    world.do_all("plan", *COMMANDS)
    written = {path: path.stat().st_ino for path in world.run.path.glob("report*")}
    world.report()
    assert {path: path.stat().st_ino for path in world.run.path.glob("report*")} == written
    assert len(written) == 5


def test_the_page_tells_what_was_spent_and_the_runs_own_warnings(world: World) -> None:
    world.do_all("plan", *COMMANDS)
    text = world.report().page_file.read_text("utf-8")
    assert "would have been spent" in text or "was spent" in text
    assert "What failed" not in text
