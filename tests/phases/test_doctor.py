"""doctor: everything that the other commands need, looked at, whatever else is wrong."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from chargen_batch.errors import ConfigError, ExitCode, NetworkError
from chargen_batch.phases import doctor
from tests.phases.world import NOW, Clock
from tests.service.lines import refusal

if TYPE_CHECKING:
    from chargen_batch.phases.doctor import DoctorReport
    from chargen_batch.service.api import BatchService
    from tests.phases.world import World


def examined(world: World) -> DoctorReport:
    return doctor.run(world.project, world.connect, clock=world.clock)


def levels(report: DoctorReport) -> dict[str, str]:
    return {check.name: check.level for check in report.checks if check.level != "ok"}


def seen(report: DoctorReport, name: str) -> str:
    return next(check.seen for check in report.checks if check.name == name)


def test_where_all_is_well_every_check_says_so_and_nothing_is_changed(world: World) -> None:
    world.do_all("plan", "stage", "submit")
    before = world.tree()
    report = examined(world)
    assert (levels(report), report.exit_code) == ({}, ExitCode.DONE)
    assert seen(report, "jobs") == "3 live job(s), 100 are possible"
    assert seen(report, "runs") == "1 unfinished"
    assert seen(report, "versions").startswith("chargen-batch ")
    assert world.tree() == before


def test_only_what_costs_nothing_is_asked_for(world: World) -> None:
    examined(world)
    assert {method for method, *_ in world.service.calls} == {
        "checks",
        "list_jobs",
        "list_files",
        "get_model",
    }


def test_settings_that_do_not_hold_are_6_with_their_problems(world: World) -> None:
    error = ConfigError("the configuration has 1 problem(s)", problems=(), hint="mend them")
    report = doctor.run(error, world.connect, clock=world.clock)
    assert (levels(report), report.exit_code) == ({"configuration": "failed"}, 6)
    assert world.connections == 0


def test_without_a_key_the_rest_is_looked_at_all_the_same(world: World) -> None:
    def no_key() -> BatchService:
        raise ConfigError("there is no API key", hint="set GEMINI_API_KEY")

    report = doctor.run(world.project, no_key, clock=world.clock)
    assert (levels(report), report.exit_code) == ({"key": "failed"}, 6)
    assert "disk" in {check.name for check in report.checks}


@pytest.mark.parametrize(
    "error", [NetworkError("not reached"), refusal(403, "PERMISSION_DENIED", "not this key")]
)
def test_service_that_refuses_or_is_not_reached_is_7(world: World, error: Exception) -> None:
    world.service.fail("list_jobs", error)
    report = examined(world)
    assert (levels(report), report.exit_code) == ({"service": "failed"}, 7)
    assert len(world.service.calls) == 1


def test_model_that_the_service_lacks_fails_only_where_pictures_need_it(world: World) -> None:
    world.service.models = ("gemini-3-pro-image",)
    assert levels(examined(world)) == {"model gemini-3.5-flash": "warning"}
    world.service.models = ("gemini-3.5-flash",)
    report = examined(world)
    assert (levels(report), report.exit_code) == ({"model gemini-3-pro-image": "failed"}, 7)


def test_clock_that_is_off_is_a_warning(world: World) -> None:
    world.service.now = Clock(NOW + timedelta(hours=1))
    report = examined(world)
    assert (levels(report), report.exit_code) == ({"clock": "warning"}, 0)
    assert seen(report, "clock") == "it is 3600 s behind the service's"


def test_slots_that_are_taken_and_storage_that_is_full_are_warnings(world: World) -> None:
    world.settings("max_tasks_per_job: 2, max_concurrent_jobs: 3")
    world.do_all("plan", "stage", "submit")
    name, (file, content) = next(iter(world.service.files.items()))
    world.service.files[name] = (dataclasses.replace(file, size=16 * 10**9), content)
    assert levels(examined(world)) == {"jobs": "warning", "file storage": "warning"}


def test_folder_without_a_story_is_a_warning(world: World) -> None:
    world.write("chargen.yaml", "story: characters/ines\n")
    assert levels(examined(world)) == {"story": "warning"}


def test_damaged_run_is_named(world: World) -> None:
    world.do_all("plan")
    run_id = world.run.run_id
    world.run.state_file.write_text("{")
    report = examined(world)
    assert (levels(report), report.exit_code) == ({"runs": "failed"}, 1)
    assert seen(report, "runs") == f"cannot be read: {run_id}"


def test_folder_that_takes_no_files_fails(world: World) -> None:
    world.write(".chargen", "a file, where a folder must be")
    report = examined(world)
    assert (levels(report), report.exit_code) == ({"writing": "failed"}, 1)
