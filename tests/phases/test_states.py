from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.core.state_machine import NEXT_COMMAND
from chargen_batch.errors import ExitCode, StateError
from tests.phases import story
from tests.phases.story import PHASES
from tests.phases.world import COMMANDS, NOW

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.model.state import Phase

EARLY, DONE = "too early", "done"
# For each phase of a run: what each command comes to, in the order of COMMANDS; a phase that the
# command works on names the one that it leads to.
#                stage      submit       poll           download       apply        report
TABLE: Final[dict[Phase, tuple[str, ...]]] = {
    "planned": ("staged", EARLY, EARLY, EARLY, EARLY, "planned"),
    "staging": ("staged", EARLY, EARLY, EARLY, EARLY, "staging"),
    "staged": (DONE, "submitted", EARLY, EARLY, EARLY, "staged"),
    "submitted": (DONE, DONE, "downloading", EARLY, EARLY, "submitted"),
    "running": (DONE, DONE, "downloading", "running", EARLY, "running"),
    "downloading": (DONE, DONE, DONE, "applying", EARLY, "downloading"),
    "applying": (DONE, DONE, DONE, DONE, "completed", "applying"),
    "completed": (DONE, DONE, DONE, DONE, DONE, "completed"),
    "failed": (DONE, DONE, DONE, DONE, DONE, "failed"),
    "cancelled": (DONE, DONE, DONE, DONE, DONE, "cancelled"),
}
UPKEEP: Final = ("cancel", "retry", "cleanup", "revert")
# The same for the commands around a run; retry leads to where the run is that it makes.
#                cancel       retry      cleanup      revert
AROUND: Final[dict[Phase, tuple[str, ...]]] = {
    "planned": ("cancelled", EARLY, EARLY, EARLY),
    "staging": ("cancelled", EARLY, EARLY, EARLY),
    "staged": ("cancelled", EARLY, EARLY, EARLY),
    "submitted": ("cancelled", EARLY, EARLY, EARLY),
    "running": ("cancelled", EARLY, EARLY, EARLY),
    "downloading": (DONE, EARLY, EARLY, EARLY),
    "applying": (DONE, EARLY, EARLY, EARLY),
    "completed": (DONE, DONE, "completed", "completed"),
    "failed": (DONE, "planned", "failed", DONE),
    "cancelled": (DONE, DONE, "cancelled", DONE),
}
CASES: Final = [
    pytest.param(phase, command, outcome, id=f"{command} from {phase}")
    for table, commands in ((TABLE, COMMANDS), (AROUND, UPKEEP))
    for phase, outcomes in table.items()
    for command, outcome in zip(commands, outcomes, strict=True)
]
# Exit codes other than 0: jobs still run, or tasks have failed.
CODES: Final = {
    ("download", "running"): ExitCode.NOT_READY,
    ("report", "failed"): ExitCode.SOME_TASKS_FAILED,
}


def test_the_tables_have_every_phase() -> None:
    assert tuple(TABLE) == tuple(AROUND) == PHASES


@pytest.mark.parametrize(("phase", "command", "outcome"), CASES)
def test_a_command_works_is_done_or_names_the_one_to_type(
    tmp_path: Path, phase: Phase, command: str, outcome: str
) -> None:
    world = story.in_phase(tmp_path, phase)
    before, calls = world.tree(), list(world.service.calls)
    if outcome == EARLY:
        with pytest.raises(StateError) as told:
            world.do(command)
        assert told.value.exit_code is ExitCode.WRONG_PHASE
        hint = f"type: chargen-batch {NEXT_COMMAND[phase]} --run {world.run.run_id}"
        assert told.value.hint == hint
    else:
        code = world.do(command).exit_code
        assert code is CODES.get((command, phase), ExitCode.DONE)
        assert world.state.phase == (phase if outcome == DONE else outcome)
    if outcome in {EARLY, DONE}:
        assert (world.tree(), world.service.calls) == (before, calls)


@pytest.mark.parametrize("phase", PHASES)
def test_plan_makes_a_run_whatever_phase_another_is_in(tmp_path: Path, phase: Phase) -> None:
    world = story.in_phase(tmp_path, phase)
    old = world.run
    assert world.plan().run_id != old.run_id
    new = world.project.runs_dir / "current"
    held = {"submitted", "running", "completed", "downloading", "applying"}
    assert new.read_text().strip() in {"", f"{NOW:%Y%m%dT%H%M%SZ}-p002"}
    assert (new.read_text() == "") == (phase in held)
