"""Days in the life of a story: scripts and cron jobs that type the commands again and again."""

from __future__ import annotations

import collections
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.errors import (
    ExecutionError,
    ExitCode,
    NetworkError,
    NotReadyError,
    StateError,
)
from chargen_batch.phases import apply, download, poll, report, resume, stage, submit
from chargen_batch.phases.plan import PlanChoices
from chargen_batch.run import resumable, runs
from tests.phases import story
from tests.phases.crashing import Crash
from tests.phases.world import EVERYTHING, Service, target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import RemoteJob
    from tests.phases.world import Report, World
    from tests.service.lines import Line

JOBS: Final = 40
LIMIT: Final = 10
NIGHT_S: Final = 86_400
MORNING: Final = ("poll", "download", "apply", "report")
CHARACTERS: Final = PlanChoices(scope="characters")
LOCATIONS: Final = PlanChoices(scope="locations")


@dataclass
class Narrow(Service):
    """A service that keeps count, and may be the last thing that is heard of.

    ``paid`` has how often each target stood in the requests of a job, also of one that was deleted.
    """

    dies_after_create: bool = False
    most_live: int = 0
    created: int = 0
    paid: collections.Counter[str] = field(default_factory=collections.Counter)

    def create_job(self, *, model: str, request_file: str, display_name: str) -> RemoteJob:
        before = set(self.jobs)
        try:
            job = super().create_job(
                model=model, request_file=request_file, display_name=display_name
            )
        finally:
            for name in self.jobs.keys() - before:  # also where the answer is lost
                self._count(self.jobs[name].requests)
        if self.dies_after_create:
            raise Crash
        return job

    def _count(self, requests: Iterable[Line]) -> None:
        live = sum(stored.job.ended_at is None for stored in self.jobs.values())
        self.most_live, self.created = max(self.most_live, live), self.created + 1
        self.paid.update(target_of(str(line["key"])) for line in requests)

    @property
    def refused(self) -> int:
        """Return how many jobs it did not take."""
        return len(self.called("create_job")) - self.created


def narrow(world: World) -> Narrow:
    """Return the service, by its own class."""
    assert isinstance(world.service, Narrow)
    return world.service


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give the mini story on a service whose jobs are found ended at the third look."""
    made = story.make(tmp_path / "story", Narrow)
    made.service.looks, made.service.max_live_jobs = 3, LIMIT
    yield made
    assert made.service.faults_left == {}


def want(world: World, count: int) -> None:
    """Let the story's author ask for so many pictures of Ines."""
    scenes = "".join(f"  - {{title: Scene {number}, scene: A lamp.}}\n" for number in range(count))
    world.write(story.IDEAS, f"character: {{name: Ines, summary: a potter}}\nscenes:\n{scenes}")


def paid(world: World) -> collections.Counter[str]:
    """Count how often each target was paid for."""
    return narrow(world).paid


def drawn(world: World) -> list[str]:
    """Return the targets of the entries in the story's files."""
    found = world.root.glob("*/*/imagery.yaml")
    return sorted(
        line.partition("target_id:")[2].strip(' "')
        for path in found
        for line in path.read_text("utf-8").splitlines()
        if "target_id:" in line
    )


def on(world: World, run: RunDirectory, command: str) -> Report:
    """Type a command with --run."""
    project, connect, clock = world.project, world.connect, world.clock
    phases: dict[str, Callable[[], Report]] = {
        "stage": lambda: stage.run(run, project, connect, clock=clock),
        "submit": lambda: submit.run(run, project, connect, clock=clock),
        "poll": lambda: poll.run(run, connect, clock=clock),
        "download": lambda: download.run(run, connect, clock=clock),
        "apply": lambda: apply.run(run, project, clock=clock, rehearsal_ok=False),
        "report": lambda: report.run(run, project, connect, clock=clock),
    }
    return phases[command]()


def everywhere(world: World, *commands: str) -> None:
    """Type commands without --run: each takes every run that it applies to, or it is too early."""
    for command in commands:
        try:
            chosen = runs.select(world.project.runs_dir, command).runs
        except (NotReadyError, StateError):
            continue
        for run in chosen:
            assert on(world, run, command).exit_code in {ExitCode.DONE, ExitCode.NOT_READY}


def planned(world: World) -> RunDirectory:
    """Plan everything, and return the run."""
    world.plan()
    return world.run


def tonight(world: World, choices: PlanChoices = EVERYTHING) -> RunDirectory | None:
    """Plan, stage and submit, as a script does every night; return the run if there is one."""
    if world.plan(choices).run_id is None:
        return None
    world.do_all("stage", "submit")
    return world.run


def cron(world: World) -> set[ExitCode]:
    """Type resume --all; return how the runs stand."""
    return {
        resume.run(
            run,
            world.project,
            world.connect,
            clock=world.clock,
            story_held=contextlib.nullcontext,
            choices=resume.ResumeChoices(),
        ).exit_code
        for run in resumable.every(world.project.runs_dir).runs
    }


def script(world: World, rounds: int) -> None:
    """Type submit, poll and download in turns until the results are here, then the rest."""
    for _ in range(rounds):
        if world.state.phase == "applying":
            break
        world.do_all("submit", "poll", "download")
    world.do_all("apply", "report")


def check_forty(world: World) -> None:
    assert narrow(world).created == JOBS
    assert set(paid(world).values()) == {1}
    assert world.state.phase == "completed"
    assert [outcome.status for outcome in world.outcomes.values()] == ["success"] * JOBS
    assert len(drawn(world)) == JOBS
    assert narrow(world).most_live == LIMIT


def test_forty_jobs_get_through_a_service_that_takes_ten(world: World) -> None:
    want(world, JOBS)
    world.settings("max_tasks_per_job: 1, adopt_wait_s: 60")
    world.plan(CHARACTERS)
    world.do_all("stage")
    script(world, 20)
    check_forty(world)
    assert narrow(world).refused > 0


def test_forty_jobs_get_through_our_own_limit_and_none_is_refused(world: World) -> None:
    want(world, JOBS)
    world.settings(f"max_tasks_per_job: 1, max_concurrent_jobs: {LIMIT}")
    world.plan(CHARACTERS)
    world.do_all("stage")
    script(world, 20)
    check_forty(world)
    assert narrow(world).refused == 0


def test_forty_jobs_get_through_by_nothing_but_resume(world: World) -> None:
    want(world, JOBS)
    world.settings("max_tasks_per_job: 1")
    assert tonight(world, CHARACTERS)
    for _call in range(20):
        if cron(world) == {ExitCode.DONE}:
            break
        world.clock.passes(600)
    check_forty(world)


def test_a_limit_that_others_use_up_lets_the_rest_wait(world: World) -> None:
    want(world, 3)
    world.settings("max_tasks_per_job: 1")
    world.plan(CHARACTERS)
    world.do_all("stage")
    world.service.max_live_jobs = 1
    script(world, 12)
    assert set(paid(world).values()) == {1}
    assert narrow(world).most_live == 1


def test_two_runs_at_once_are_both_collected_without_naming_them(world: World) -> None:
    first, second = tonight(world, CHARACTERS), tonight(world, LOCATIONS)
    assert first
    assert second
    for _morning in range(4):
        everywhere(world, *MORNING)
    assert [run.state().phase for run in (first, second)] == ["completed"] * 2
    assert [run.report().summary.success for run in (first, second)] == [2, 2]
    assert set(paid(world).values()) == {1}
    assert len(drawn(world)) == 4


def test_two_runs_at_once_are_both_brought_to_their_end_by_resume(world: World) -> None:
    first, second = tonight(world, CHARACTERS), tonight(world, LOCATIONS)
    assert first
    assert second
    stood = [cron(world) for _call in range(4)]
    assert stood == [{ExitCode.NOT_READY}, {ExitCode.NOT_READY}, {ExitCode.DONE}, set()]
    assert [run.state().phase for run in (first, second)] == ["completed"] * 2
    assert set(paid(world).values()) == {1}


def test_what_is_planned_every_night_is_paid_once_while_jobs_take_three_nights(
    world: World,
) -> None:
    planned = []
    for _night in range(5):
        planned.append(tonight(world) is not None)
        world.clock.passes(NIGHT_S)
        everywhere(world, *MORNING)
    assert planned == [True, False, False, False, False]
    assert paid(world) == collections.Counter(story.TARGETS)
    assert drawn(world) == sorted(story.TARGETS)


def test_what_an_author_adds_every_day_is_paid_once_and_the_rest_not_again(world: World) -> None:
    nights = 6
    for night in range(nights):
        want(world, night + 1)
        tonight(world, CHARACTERS)
        world.clock.passes(NIGHT_S)
        everywhere(world, *MORNING)
    for _morning in range(3):
        everywhere(world, *MORNING)
    assert paid(world) == collections.Counter(f"scene-{number}" for number in range(nights))
    assert drawn(world) == sorted(paid(world))


def test_of_two_plans_made_before_either_submits_only_one_pays(world: World) -> None:
    first, second = planned(world), planned(world)
    on(world, first, "stage")
    on(world, second, "stage")
    on(world, first, "submit")
    for _night in range(5):
        with pytest.raises(ExecutionError, match="drawn"):
            on(world, second, "submit")
        world.clock.passes(NIGHT_S)
        assert world.plan().run_id is None
        everywhere(world, *MORNING)
    assert paid(world) == collections.Counter(story.TARGETS)
    assert drawn(world) == sorted(story.TARGETS)


def test_an_answer_lost_at_night_is_adopted_the_next_day(world: World) -> None:
    world.service.fail("create_job", NetworkError("the line dropped"), after=True)
    first = tonight(world)
    assert first
    for _day in range(4):
        world.clock.passes(NIGHT_S)
        assert tonight(world) is None
        assert on(world, first, "submit").exit_code is ExitCode.DONE
        everywhere(world, *MORNING)
    assert paid(world) == collections.Counter(story.TARGETS)
    assert first.state().phase == "completed"


def test_a_process_that_dies_once_the_service_has_the_job_pays_for_it_once(world: World) -> None:
    world.do_all("plan", "stage")
    first, service = world.run, narrow(world)
    service.dies_after_create = True
    for jobs in (1, 2, 3):
        with pytest.raises(Crash):
            on(world, first, "submit")
        assert service.created == jobs
    service.dies_after_create = False
    for _day in range(4):
        on(world, first, "submit")
        everywhere(world, *MORNING)
    assert paid(world) == collections.Counter(story.TARGETS)
    assert first.state().phase == "completed"


def test_what_waits_for_a_slot_at_night_is_not_planned_anew(world: World) -> None:
    want(world, JOBS)
    world.settings("max_tasks_per_job: 1")
    first = tonight(world, CHARACTERS)
    assert first
    for _day in range(3 * JOBS // LIMIT):
        world.clock.passes(NIGHT_S)
        assert tonight(world, CHARACTERS) is None
        on(world, first, "submit")
        everywhere(world, *MORNING)
    assert narrow(world).created == JOBS
    assert set(paid(world).values()) == {1}
    assert len(drawn(world)) == JOBS
