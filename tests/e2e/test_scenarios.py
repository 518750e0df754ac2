"""Scripts and cron jobs as processes, against an emulator that is served beside them."""

from __future__ import annotations

import collections
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.emulator.faults import Fault
from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.quota import Quotas
from chargen_batch.emulator.server import serve
from chargen_batch.emulator.trouble import Trouble
from tests.e2e.commands import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator

JOBS: Final = 40
LIMIT: Final = 10
NOT_READY: Final = 75

# Runs a command and kills the process, with no clean-up whatever, when the service has made a job.
DYING: Final = """
import os, signal, sys
from chargen_batch.cli.main import main
from chargen_batch.service.gemini import GeminiService
create = GeminiService.create_job
def dying(self, **asked):
    create(self, **asked)
    os.kill(os.getpid(), signal.SIGKILL)
GeminiService.create_job = dying
sys.exit(main(sys.argv[1:]))
"""


def write_story(project: Path, scenes: int) -> None:
    """Write a story of one character with so many pictures, and of one place."""
    ines, mill = project / "characters" / "ines", project / "locations" / "mill"
    ideas = [{"title": f"Scene {number}", "scene": "A lamp."} for number in range(scenes)]
    for folder, name, data in (
        (ines, "image-ideas.yaml", {"character": {"name": "Ines"}, "scenes": ideas}),
        (ines, "imagery.yaml", {"image_inventory": []}),
        (mill, "imagery.yaml", {"name": "Mill", "zones": [{"slug": "door", "description": "Oak"}]}),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(data), "utf-8")
    (project / "chargen.yaml").write_text("batch: {max_tasks_per_job: 1}\n", "utf-8")


@contextmanager
def service(folder: Path, looks: int = 1, most: int | None = None) -> Iterator[Emulator]:
    """Serve an emulator whose jobs end after so many looks, and that takes so many at a time."""
    trouble = Trouble(quotas=Quotas(max_live_jobs=most))
    pace = Pace(looks_to_start=0, looks_to_finish=looks)
    with serve(folder / "emulator", pace=pace, trouble=trouble) as running:
        yield running
        assert running.faults.pending() == {}


def typed_at(emulator: Emulator, project: Path) -> CommandLine:
    """Return the command line for a project on an emulator."""
    address = {"GEMINI_API_KEY": "test-key-40", "GOOGLE_GEMINI_BASE_URL": emulator.base_url}
    return CommandLine(project).with_variables(**address)


def created(emulator: Emulator) -> collections.Counter[int]:
    """Count the jobs that were asked for, by the status of the answer (0: the answer was lost)."""
    log = emulator.world.root / "requests.ndjson"
    calls = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return collections.Counter(
        call["status"] for call in calls if call["method"] == "batches.create"
    )


def pictures(project: Path) -> int:
    """Count the pictures that are there and entered into the story."""
    found = list(project.glob("*/*/images/*.png"))
    files = [path.read_text("utf-8") for path in project.glob("*/*/imagery.yaml")]
    assert all(any(path.name in text for text in files) for path in found)
    return len(found)


def test_forty_jobs_get_through_a_limit_of_ten_by_a_script(tmp_path: Path) -> None:
    write_story(tmp_path / "story", JOBS)
    with service(tmp_path, most=LIMIT) as emulator:
        command = typed_at(emulator, tmp_path / "story")
        assert command("plan", "--scope", "characters").code == 0
        assert command("stage").code == 0
        for _round in range(JOBS):
            codes = {phase: command(phase).code for phase in ("submit", "poll", "download")}
            assert set(codes.values()) <= {0, NOT_READY}
            if not codes["download"]:
                break
        assert [command(phase).code for phase in ("apply", "report")] == [0, 0]
        assert created(emulator)[200] == JOBS
        assert created(emulator)[429] > 0
    assert pictures(tmp_path / "story") == JOBS


def test_forty_jobs_get_through_a_limit_of_ten_by_nothing_but_resume(tmp_path: Path) -> None:
    write_story(tmp_path / "story", JOBS)
    with service(tmp_path, most=LIMIT) as emulator:
        command = typed_at(emulator, tmp_path / "story")
        assert command("plan", "--scope", "characters").code == 0
        codes = [command("resume", "--yes").code]
        while codes[-1] == NOT_READY and len(codes) < JOBS:
            codes.append(command("resume", "--all", "--quiet").code)
        assert codes[-1] == 0
        assert len(codes) > 1
        assert created(emulator)[200] == JOBS
    assert pictures(tmp_path / "story") == JOBS


def test_the_runs_of_two_nights_are_both_collected_and_nothing_is_paid_twice(
    tmp_path: Path,
) -> None:
    project = tmp_path / "story"
    with service(tmp_path, looks=2) as emulator:
        command = typed_at(emulator, project)
        for night in range(2):
            write_story(project, 1 + night)
            assert [command(phase).code for phase in ("plan", "stage", "submit")] == [0] * 3
        assert command("plan", "--quiet").out == ""
        assert command("poll").code == NOT_READY
        assert [command(step).code for step in ("poll", "download", "apply")] == [0] * 3
        assert created(emulator) == {200: 3}
    assert pictures(project) == 3
    states = [json.loads(path.read_bytes()) for path in project.glob(".chargen/batch/*/state.json")]
    assert [state["phase"] for state in states] == ["completed"] * 2


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_lost_answer_never_makes_a_second_job(tmp_path: Path, kind: str) -> None:
    project = tmp_path / "story"
    write_story(project, 2)
    (project / "chargen.yaml").write_text("batch: {adopt_wait_s: 0}\n", "utf-8")
    with service(tmp_path) as emulator:
        emulator.faults.add("batches.create", Fault(kind))
        command = typed_at(emulator, project)
        assert command("plan").code == 0
        assert command("resume", "--yes").code == NOT_READY
        for _call in range(5):
            if not command("resume", "--all").code:
                break
        jobs = created(emulator)
        assert jobs == ({0: 1} if kind == "drop_after" else {0: 1, 200: 1})
    assert pictures(project) == 3


def test_a_process_killed_once_the_service_has_the_job_pays_for_it_once(tmp_path: Path) -> None:
    project = tmp_path / "story"
    write_story(project, 1)
    with service(tmp_path) as emulator:
        command = typed_at(emulator, project)
        assert [command(phase).code for phase in ("plan", "stage")] == [0, 0]
        for _night in range(2):
            died = subprocess.run(
                [sys.executable, "-c", DYING, "submit"],
                cwd=project,
                env={**os.environ, **dict(command.variables)},
                check=False,
                capture_output=True,
            )
            assert died.returncode == -signal.SIGKILL
        assert command("submit").code == 0
        assert command("resume", "--all").code == 0
        assert created(emulator) == {200: 2}
    assert pictures(project) == 2
