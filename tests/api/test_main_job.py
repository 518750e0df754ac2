"""The main job, from a program."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from chargen_batch import ExitCode, Plan, Project, Run, StateError
from tests.api.conftest import downloaded, files, written
from tests.cli.conftest import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch import Event


def test_phases_bring_a_run_from_the_plan_to_its_report(project: Project, run: Run) -> None:
    assert run.phase == "planned"
    assert run.stage().job_count == 1
    assert len(run.submit().created) == 1
    assert run.poll(wait=True, interval_s=0.01).phase == "downloading"
    assert run.download().files
    assert run.apply().completed == 2
    report = run.report()
    assert report.report.summary.success == 2
    assert report.page_file.is_file()
    drawn = [result.image_path for result in run.outcomes()]
    assert all((project.root / str(path)).is_file() for path in drawn)


def test_a_plan_only_looks(project: Project) -> None:
    before = files(project.root)
    plan = project.plan(scope="characters")
    assert len(plan.tasks) == len([each for each in plan.targets if each.planned]) > 0
    assert plan.cost.batch_usd
    assert files(project.root) == before


def test_a_plan_cannot_be_changed(project: Project) -> None:
    plan = project.plan(max_tasks=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.report = plan.report  # type: ignore[misc]
    with pytest.raises(AttributeError):
        plan.tasks[0].prompt = "another"  # type: ignore[misc]


def test_what_is_written_is_what_was_looked_at(project: Project) -> None:
    plan = project.plan(scope="characters", only=["wren-*"])
    ideas = project.root / "characters/wren-halloway/image-ideas.yaml"
    ideas.write_text(ideas.read_text("utf-8").replace("Wren", "Rowan"), "utf-8")
    run = plan.write()
    assert run is not None
    assert tuple(run.tasks()) == plan.tasks
    assert project.plan(scope="characters", only=["wren-*"]).tasks != plan.tasks


def test_where_there_is_nothing_to_do_no_run_is_written(project: Project) -> None:
    plan = project.plan(only=["nobody"])
    assert isinstance(plan, Plan)
    assert plan.tasks == ()
    assert plan.write() is None
    assert project.runs() == ()


def test_a_poll_without_wait_asks_once(run: Run) -> None:
    run.stage()
    run.submit()
    report = run.poll()
    assert (report.live, report.exit_code) == (1, ExitCode.NOT_READY)


def test_a_wait_that_is_over_is_no_error(run: Run) -> None:
    run.stage()
    run.submit()
    assert run.poll(wait=True, timeout_s=0).exit_code is ExitCode.NOT_READY


def test_resume_brings_a_run_to_its_end_once_it_may(run: Run) -> None:
    with pytest.raises(StateError, match="never submitted"):
        run.resume()
    report = run.resume(first_ok=True, wait=True, interval_s=0.01)
    assert (report.phase, report.completed) == ("completed", 2)
    assert [step.command for step in report.steps][-2:] == ["apply", "report"]


def test_a_run_can_be_reverted_and_drawn_again(project: Project, run: Run) -> None:
    before = files(project.root / "characters")
    downloaded(run).apply()
    assert len(run.revert(dry_run=True).reverted) == 2
    assert files(project.root / "characters") != before
    assert len(run.revert().reverted) == 2
    assert files(project.root / "characters") == before
    assert {result.stage for result in run.outcomes()} == {"reverted"}


def test_a_run_can_be_cancelled(project: Project, run: Run) -> None:
    run.cancel()
    assert run.phase == "cancelled"
    assert project.unfinished() == (run,)  # it has no report yet
    run.report()
    assert project.unfinished() == ()


def test_dead_letters_are_sent_again_in_a_run_of_their_own(folder: Path) -> None:
    trouble = folder / ".chargen/emulator/trouble.toml"
    trouble.parent.mkdir(parents=True)
    trouble.write_text('[rows]\n"*" = "missing"\n')
    with Project.open(folder, backend="emulator") as project:
        run = downloaded(written(project, max_tasks=1))
        assert run.apply().failed == 1
        child = run.retry().child
        assert child is not None
        assert [task.attempt for task in project.run(child).tasks()] == [2]


def test_commands_and_programs_share_a_run(
    project: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(project.root, capsys)
    run.stage()
    shell.emulated("submit")
    assert run.poll(wait=True, interval_s=0.01).phase == "downloading"
    shell.emulated("download", "apply")
    assert run.status().completed == 2


def test_a_project_can_be_used_again_after_it_was_closed(project: Project, run: Run) -> None:
    run.stage()
    project.close()
    assert len(run.submit().created) == 1


def test_the_run_that_was_planned_last_is_the_one_to_go_on_with(project: Project) -> None:
    first, second = written(project), written(project)
    assert project.run() == second
    assert project.run(first.id) == first
    assert set(project.runs()) == {first, second}


def test_events_tell_what_happens(folder: Path) -> None:
    events: list[Event] = []
    with Project.open(folder, backend="emulator", on_event=events.append) as project:
        downloaded(written(project))
    told = [type(event).__name__ for event in events]
    assert {"PhaseBegan", "Progress", "JobSeen", "Waiting", "PhaseEnded"} <= set(told)


def test_without_a_folder_it_is_the_project_that_one_is_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "characters" / "wren-halloway")
    assert Project.open().root == folder.resolve()
    assert Project.open().settings.batch.backend == "emulator"
