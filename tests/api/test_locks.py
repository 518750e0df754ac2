"""A program keeps the locks that commands keep."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from chargen_batch import LockedError, Project, Run
from chargen_batch.model.events import PhaseBegan, Waiting
from tests.api.conftest import downloaded, written
from tests.cli.conftest import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch import Event


def test_a_run_that_another_process_holds(
    project: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(project.root, capsys)
    with shell.held_by_another(f".chargen/batch/{run.id}/run.lock"):
        with pytest.raises(LockedError, match="`chargen-batch poll`"):
            run.stage()
        assert run.phase == "planned"
    assert run.stage().phase == "staged"


def test_a_story_that_another_process_writes_in(
    project: Project, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    downloaded(run)
    (project.root / ".chargen").mkdir(exist_ok=True)
    with Shell(project.root, capsys).held_by_another(".chargen/story.lock"):
        with pytest.raises(LockedError):
            run.apply()
        assert run.phase == "applying"
    run.apply()
    with (
        Shell(project.root, capsys).held_by_another(".chargen/story.lock"),
        pytest.raises(LockedError),
    ):
        run.revert()


def test_two_projects_of_one_process_exclude_each_other(folder: Path) -> None:
    refused: list[LockedError] = []

    def meanwhile(event: Event) -> None:
        if event == PhaseBegan(command="stage", run_id=event.run_id) and not refused:
            with Project.open(folder, backend="emulator") as second:
                with pytest.raises(LockedError) as caught:
                    second.run().stage()
                refused.append(caught.value)

    with Project.open(folder, backend="emulator", on_event=meanwhile) as first:
        assert written(first).stage().phase == "staged"
    assert refused


def test_a_run_is_not_held_while_a_program_waits(folder: Path) -> None:
    polled: list[str] = []

    def meanwhile(event: Event) -> None:
        if isinstance(event, Waiting):
            with Project.open(folder, backend="emulator") as second:
                polled.append(second.run().poll().phase)

    with Project.open(folder, backend="emulator", on_event=meanwhile) as first:
        run = written(first)
        run.stage()
        run.submit()
        run.poll(wait=True, interval_s=0.01)
    assert polled == ["downloading"]


def test_threads_with_a_project_each_work_side_by_side(folder: Path) -> None:
    with Project.open(folder, backend="emulator") as project:
        for only in ("wren-*", "bas-*"):
            assert project.plan(only=[only], max_tasks=1).write()
        ids = [run.id for run in project.runs()]

    def finish(run_id: str) -> None:
        with Project.open(folder, backend="emulator", lock_timeout_s=60) as own:
            own.run(run_id).resume(first_ok=True, wait=True, interval_s=0.01)

    threads = [threading.Thread(target=finish, args=(run_id,)) for run_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.phase for run in project.runs()] == ["completed", "completed"]
