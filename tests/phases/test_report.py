from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch.errors import DocumentError, ExitCode
from chargen_batch.model.report import BatchReport
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
