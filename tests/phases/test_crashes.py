from __future__ import annotations

import contextlib
import hashlib
import re
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import ExitCode, NetworkError
from tests.phases import story
from tests.phases.crashing import Crash, CrashingService, Point, Power, under

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.phases.world import World


def as_it_is(_world: World) -> None:
    """Nothing out of the ordinary."""


def lose_one(world: World) -> None:
    story.lose_jobs(world, "JOB_STATE_EXPIRED", 2)


def lose_all(world: World) -> None:
    story.lose_jobs(world, "JOB_STATE_FAILED")


def one_was_lost(world: World) -> None:
    lose_one(world)
    story.every_kind_of_line(world)


def give_up_one(world: World) -> None:
    """Let the service have lost a job, or its results where it has ended."""
    names = list(world.service.jobs)
    gone = world.service.jobs[names[1]]
    world.service.outputs.pop(gone.job.result_file_name or "", None)
    if gone.job.ended_at is None:
        del world.service.jobs[names[1]]
    world.give_up = ("2",)


def give_up_all(world: World) -> None:
    world.service.outputs.clear()
    world.give_up = ("1", "2", "3")


def end_one(world: World) -> None:
    world.service.end(next(iter(world.service.jobs)))


def lose_an_answer(world: World) -> None:
    world.service.fail("create_job", NetworkError("lost"), after=True)


def lose_a_job(world: World) -> None:
    world.service.fail("create_job", NetworkError("lost"))


def no_inventory(world: World) -> None:
    (world.root / story.INES).unlink()
    story.vanish_zone(world)


def one_job_too_large(world: World) -> None:
    """Plan anew, as one job that the service does not take before it is split."""
    world.settings("max_tasks_per_job: 9, adopt_wait_s: 60")
    world.do_all("plan", "stage")
    world.service.max_job_requests = 3


def give_up_a_file(world: World) -> None:
    """Let a file be broken, and another entity's folder of pictures be none; go on without both."""
    world.write(story.KILN, "zones: [\n")
    world.write("chapters/first-firing/images", b"a file where the folder should be")
    world.give_up = (story.KILN, "chapters/first-firing/images")


def take_entries_out(world: World) -> None:
    """Take our entries out of the story, as its author does."""
    for name in (story.INES, story.KILN):
        world.write(name, story.STORY[name])


def approve_one(world: World) -> None:
    """Approve the first of Ines's pictures, and look at another: both are the author's now."""
    world.write(story.INES, world.read(story.INES).replace("status: draft", "status: approved", 1))


def two_days_later(world: World) -> None:
    world.clock.passes(49 * 3600)


Scenario = tuple[str, "Callable[[World], None]", "Callable[[World], None]"]
# The command that crashes; what happens before the command ahead of it, and before itself.
SCENARIOS: Final[dict[str, Scenario]] = {
    "plan": ("plan", as_it_is, as_it_is),
    "stage": ("stage", as_it_is, as_it_is),
    "stage with a changed reference": ("stage", as_it_is, story.change_portrait),
    "submit": ("submit", as_it_is, as_it_is),
    "submit of a job that never fits": ("submit", as_it_is, one_job_too_large),
    "submit of uploads that are gone": ("submit", as_it_is, two_days_later),
    "poll": ("poll", as_it_is, as_it_is),
    "poll with a lost job": ("poll", as_it_is, lose_one),
    "poll with lost jobs only": ("poll", as_it_is, lose_all),
    "poll that gives up a job": ("poll", as_it_is, give_up_one),
    "download": ("download", as_it_is, as_it_is),
    "download that gives up a job": ("download", as_it_is, give_up_one),
    "download that gives up every job": ("download", as_it_is, give_up_all),
    "apply": ("apply", as_it_is, as_it_is),
    "apply of every kind of line": ("apply", story.every_kind_of_line, as_it_is),
    "apply with a lost job": ("apply", one_was_lost, as_it_is),
    "apply to an edited story": ("apply", as_it_is, no_inventory),
    "apply that gives up files": ("apply", as_it_is, give_up_a_file),
    "restore": ("restore", as_it_is, take_entries_out),
    "revert": ("revert", as_it_is, as_it_is),
    "revert of an edited story": ("revert", as_it_is, approve_one),
    "report": ("report", as_it_is, as_it_is),
    "cancel": ("cancel", as_it_is, as_it_is),
    "cancel of a job that has results": ("cancel", as_it_is, end_one),
    "cancel of a job that nobody knows of": ("cancel", lose_an_answer, as_it_is),
    "cancel of a job that never came": ("cancel", lose_a_job, as_it_is),
    "retry": ("retry", story.every_kind_of_line, as_it_is),
    "cleanup": ("cleanup", as_it_is, as_it_is),
    "cleanup that keeps a job": ("cleanup", lose_one, as_it_is),
}
# Ahead of which command the first thing happens, and where a command comes that is around a run.
EARLIER: Final = {"apply": "poll", "retry": "poll", "cleanup": "poll", "cancel": "submit"}
COMES_AT: Final = {
    "cancel": "poll",
    **dict.fromkeys(("retry", "cleanup", "restore", "revert"), "report"),
}


def prepared(root: Path, scenario: Scenario) -> World:
    """Return a world in which the scenario's command comes next."""
    command, earlier, now = scenario
    world = story.make(root, CrashingService)
    for name in ("plan", "stage", "submit", "poll", "download", "apply", "report"):
        if name == EARLIER.get(command):
            earlier(world)
        if name == COMES_AT.get(command, command):
            break
        world.do(name)
    now(world)
    return world


def to_its_end(world: World, command: str) -> None:
    """Type a command until it has nothing to wait for, a while passing each time."""
    for _ in range(4):
        if world.do(command).exit_code is not ExitCode.NOT_READY:
            return
        world.clock.passes(40)


def end_state(world: World) -> dict[str, bytes]:
    """Return the project's and the current run's files, without times and random names.

    What a crash leaves of a run that was never seen, or never told of, is not counted.
    """
    run = world.run.path
    runs = f"{run.parent.relative_to(world.root).as_posix()}/"
    plan = hashlib.sha256(world.run.plan_file.read_bytes()).hexdigest()
    names = {job.job.name: job.job.display_name for job in world.service.jobs.values()}
    told = {run.name: "RUN", plan: "PLAN", **{key.split("/")[1]: names[key] for key in names}}
    files = {
        name.replace(run.name, "RUN"): _told(content, told)
        for name, content in world.tree().items()
        if name.startswith(f"{runs}{run.name}") or not name.startswith(runs)
    }
    return {**files, "jobs": "\n".join(sorted(names.values())).replace(run.name, "RUN").encode()}


def _told(content: bytes, names: Mapping[str, str]) -> bytes:
    for name, word in names.items():
        content = content.replace(name.encode(), word.encode())
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"TIME", content)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_after_a_crash_anywhere_the_same_command_ends_as_without_one(
    tmp_path: Path, scenario: Scenario
) -> None:
    command, start, power = scenario[0], prepared(tmp_path / "start", scenario), Power()
    whole = start.copy(tmp_path / "whole")
    with under(power, whole):
        to_its_end(whole, command)
    expected = end_state(whole)
    for number, point in enumerate(power.points()):
        world = start.copy(tmp_path / str(number))
        with pytest.raises(Crash), under(Power(point), world):
            to_its_end(world, command)
        to_its_end(world, command)
        assert end_state(world) == expected, point
    assert len(power.done) > 1


# A retry is one step: the run that it makes is there, or it is not.
STEP_BY_STEP: Final = {name: each for name, each in SCENARIOS.items() if name != "retry"}


@pytest.mark.parametrize("scenario", STEP_BY_STEP.values(), ids=list(STEP_BY_STEP))
def test_crashes_again_and_again_end_as_none_would(tmp_path: Path, scenario: Scenario) -> None:
    command, world, power = scenario[0], prepared(tmp_path / "start", scenario), Power()
    whole = world.copy(tmp_path / "whole")
    with under(power, whole):
        to_its_end(whole, command)
    later = len(power.done) * 2 // 3
    for _ in range(3 * len(power.done)):
        with contextlib.suppress(Crash), under(Power(Point(later, "any", "before")), world):
            to_its_end(world, command)
            break
    assert end_state(world) == end_state(whole)
