from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

import msgspec
import pytest

from chargen_batch.core import state_machine
from chargen_batch.errors import DocumentError, StateError
from chargen_batch.model.state import FINAL_PHASES, Job, Phase, Transition
from tests.samples import (
    DOWNLOADED,
    ENDED,
    INTENDED,
    LATER,
    LOST,
    RUN_ID,
    RUNNING,
    STAGED,
    WAITING,
    placed,
    state,
)

if TYPE_CHECKING:
    from chargen_batch.model.state import RunState

PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
ALLOWED: Final[set[tuple[Phase, Phase]]] = {
    ("planned", "staging"),
    ("staging", "staged"),
    ("staged", "submitted"),
    ("submitted", "running"),
    ("running", "downloading"),
    ("running", "failed"),
    ("downloading", "applying"),
    ("downloading", "failed"),
    ("applying", "completed"),
    ("planned", "cancelled"),
    ("staging", "cancelled"),
    ("staged", "cancelled"),
    ("submitted", "cancelled"),
    ("running", "cancelled"),
}
FORBIDDEN: Final = {(old, new) for old in PHASES for new in PHASES} - ALLOWED


@pytest.mark.parametrize(("old", "new"), sorted(ALLOWED))
def test_allowed_transition_is_stamped_into_the_history(old: Phase, new: Phase) -> None:
    moved = state_machine.moved(state(old), new, at=LATER, command="poll")
    assert (moved.phase, moved.updated_at) == (new, LATER)
    assert moved.history == (Transition(at=LATER, from_=old, to=new, command="poll"),)


@pytest.mark.parametrize(("old", "new"), sorted(FORBIDDEN))
def test_forbidden_transition_is_an_error(old: Phase, new: Phase) -> None:
    with pytest.raises(StateError, match=f"cannot go from {old} to {new}"):
        state_machine.moved(state(old), new, at=LATER, command="poll")


@pytest.mark.parametrize(("old", "new"), sorted(ALLOWED))
def test_run_is_complete_from_its_last_phase_on(old: Phase, new: Phase) -> None:
    moved = state_machine.moved(state(old), new, at=LATER, command="poll")
    assert moved.completed_at == (LATER if new in FINAL_PHASES else None)


def test_history_keeps_earlier_changes() -> None:
    once = state_machine.moved(state("planned"), "staging", at=LATER, command="stage")
    twice = state_machine.moved(once, "staged", at=LATER, command="stage")
    assert [step.to for step in twice.history] == ["staging", "staged"]


# By phase, what a command is: to do (!), done (-), or too early (its hint's command).
REQUIRED: Final[dict[Phase, str]] = {
    #              stage submit poll download apply report
    "planned": "   !     stage  stage  stage    stage  !",
    "staging": "   !     stage  stage  stage    stage  !",
    "staged": "    !     !      submit submit   submit !",
    "submitted": " -     !      !      poll     poll   !",
    "running": "   -     !      !      !        poll   !",
    "downloading": "-    -      -      !        download !",
    "applying": "  -     -      -      !        !      !",
    "completed": " -     -      -      -        -      !",
    "failed": "    -     -      -      -        -      !",
    "cancelled": " -     -      -      -        -      !",
}
COMMANDS: Final = ("stage", "submit", "poll", "download", "apply", "report")
CASES: Final = [
    (phase, command, answer)
    for phase, row in REQUIRED.items()
    for command, answer in zip(COMMANDS, row.split(), strict=True)
]


@pytest.mark.parametrize(
    ("phase", "command", "answer"), [case for case in CASES if case[2] in {"!", "-"}]
)
def test_command_has_something_to_do_or_is_done(phase: Phase, command: str, answer: str) -> None:
    assert state_machine.require(state(phase), command) == (answer == "!")


@pytest.mark.parametrize(
    ("phase", "command", "other"), [case for case in CASES if case[2] not in {"!", "-"}]
)
def test_command_that_comes_too_early_names_the_one_to_type(
    phase: Phase, command: str, other: str
) -> None:
    with pytest.raises(StateError, match=f"is {phase}: too early to {command}") as caught:
        state_machine.require(state(phase), command)
    assert caught.value.hint == f"type: chargen-batch {other} --run {RUN_ID}"


@pytest.mark.parametrize(("phase", "command", "answer"), CASES)
def test_run_is_past_a_command_whose_work_is_done(phase: Phase, command: str, answer: str) -> None:
    assert state_machine.is_past(state(phase), command) == (answer == "-")


@pytest.mark.parametrize("phase", PHASES)
def test_state_that_fits_its_phase_is_accepted(phase: Phase) -> None:
    state_machine.check(state(phase))


CONTRADICTIONS: Final[dict[str, RunState]] = {
    "more tasks": state("completed", completed_tasks=2, failed_tasks=1),
    "staged, and there are no jobs": state("staged", jobs=()),
    "running, and there are no jobs": state("running", jobs=()),
    "not numbered": state("staged", jobs=(msgspec.structs.replace(STAGED, index=2),)),
    "one after another": state("staged", jobs=(msgspec.structs.replace(STAGED, first_task=1),)),
    "plan's tasks": state("staged", STAGED, task_count=3),
    "hold": state("staged", msgspec.structs.replace(STAGED, task_count=0), STAGED),
    "applying, and a job has results": state("applying", DOWNLOADED, ENDED),
    "completed, and a job has results": state("completed", RUNNING),
    "downloading, and a job has not ended": state("downloading", ENDED, RUNNING),
    "failed, and a job is not lost": state("failed", LOST, ENDED),
    "planned, and a job was created": state("planned", LOST),
    "staging, and a job was created": state("staging", STAGED, RUNNING),
    "a job was created": state("staging", STAGED, INTENDED),
}


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_state_that_contradicts_itself_is_refused(words: str) -> None:
    with pytest.raises(DocumentError, match=words) as caught:
        state_machine.check(CONTRADICTIONS[words])
    assert "backup" in caught.value.hint


def test_job_whose_tasks_all_ended_while_staging_contradicts_nothing() -> None:
    never_sent = msgspec.structs.replace(LOST, code="REFERENCE_CHANGED", batch_job_name=None)
    state_machine.check(state("staging", WAITING, STAGED, never_sent))


def test_job_is_replaced_by_its_index_alone() -> None:
    before = state("submitted", RUNNING, STAGED)
    second = msgspec.structs.replace(before.jobs[1], model="another")
    after = state_machine.with_job(before, second, at=LATER)
    assert after.jobs == (before.jobs[0], second)
    assert after.updated_at == LATER


AFTER_POLL: Final[list[tuple[tuple[Job, ...], Phase]]] = [
    ((RUNNING, DOWNLOADED), "running"),
    ((WAITING, ENDED), "running"),
    ((STAGED, ENDED), "running"),
    ((INTENDED, LOST), "running"),
    ((ENDED, LOST), "downloading"),
    ((ENDED, ENDED), "downloading"),
    ((DOWNLOADED, LOST), "downloading"),
    ((LOST, LOST), "failed"),
]


@pytest.mark.parametrize(("jobs", "phase"), AFTER_POLL)
def test_polled_jobs_put_a_run_in_a_phase(jobs: tuple[Job, ...], phase: Phase) -> None:
    assert state_machine.phase_after_poll(placed(*jobs)) == phase
