"""poll: --wait, --on-done, --give-up, and what it prints."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

import pytest
import stamina

from chargen_batch.emulator.faults import Fault
from tests.cli.conftest import Shell
from tests.cli.test_pipeline import WAIT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator

DONE: Final = "--on-done"
TOLD: Final = 'echo "$CHARGEN_RUN $CHARGEN_EXIT_CODE" >> "{}"'


@pytest.fixture
def two_tries() -> Iterator[None]:
    """Let a call that fails be repeated once, and at once."""
    with stamina.set_testing(True, attempts=2):
        yield


def told(shell: Shell) -> str:
    return TOLD.format(shell.root / "told")


def lines_told(shell: Shell) -> list[str]:
    file = shell.root / "told"
    return file.read_text().splitlines() if file.exists() else []


def at_work(shell: Shell) -> str:
    """Submit, and return the run's id."""
    run_id = shell("plan --quiet").out.strip()
    assert [shell(command).code for command in ("stage", "submit")] == [0, 0]
    return run_id


def test_waiting_ends_at_the_timeout_with_a_last_look(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    typed = shell("poll --wait --interval 60 --timeout 4 --backend emulator")
    assert (typed.code, "3 of 3 job(s) at work" in typed.err) == (0, True)


def test_waiting_that_has_no_time_left_is_75(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    typed = shell("poll --wait --timeout 0 --backend emulator")
    assert (typed.code, "asking again" in typed.err) == (75, False)


@pytest.mark.usefixtures("two_tries")
def test_trouble_that_passes_is_told_and_waited_through(shell: Shell, served: Emulator) -> None:
    run_id = at_work(shell)
    served.faults.add("batches.get", *[Fault("status:503")] * 4)
    typed = shell(WAIT)
    (warning,) = [line for line in typed.err.splitlines() if "waiting all the same" in line]
    assert (typed.code, warning.startswith(f"warning: run {run_id}: ")) == (0, True)


@pytest.mark.usefixtures("two_tries")
def test_trouble_at_the_timeout_is_7(shell: Shell, served: Emulator) -> None:
    at_work(shell)
    served.faults.add("batches.get", *[Fault("drop_before")] * 2)
    assert shell("poll --wait --timeout 0").code == 7


def test_a_refused_key_ends_the_waiting(
    shell: Shell, served: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work(shell)
    monkeypatch.setenv("GEMINI_API_KEY", "wrong-key-of-nobody")
    typed = shell(WAIT, DONE, told(shell))
    assert (typed.code, served.faults.pending()) == (7, {})
    assert [line.split()[1] for line in lines_told(shell)] == ["7"]


def test_a_command_is_run_once_for_each_run_that_is_done(shell: Shell) -> None:
    ids = []
    for scope in ("characters", "locations"):
        ids.append(shell.plan(f"--scope {scope}"))
        shell.emulated("stage", "submit")
    assert shell(f"{WAIT} --backend emulator", DONE, told(shell)).code == 0
    assert sorted(lines_told(shell)) == sorted(f"{run_id} 0" for run_id in ids)


def test_a_poll_that_does_not_wait_runs_it_when_it_finds_the_run_done(
    shell: Shell, submitted: Path
) -> None:
    shell.begin_from(submitted)
    run_id = shell("poll --json --backend emulator", DONE, told(shell)).document["runs"][0]["runId"]
    assert lines_told(shell) == []
    for _ in range(2):
        assert shell(f"poll --run {run_id} --backend emulator", DONE, told(shell)).code == 0
    assert lines_told(shell) == [f"{run_id} 0"]


def test_a_command_is_not_run_while_jobs_are_at_work(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    typed = shell("poll --wait --timeout 0 --backend emulator", DONE, told(shell))
    assert (typed.code, lines_told(shell)) == (75, [])


def test_a_command_that_fails_makes_poll_1_with_a_warning(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    typed = shell(f"{WAIT} --backend emulator", DONE, "exit 3")
    assert typed.code == 1
    assert "warning: the command of --on-done ended with 3: " in typed.err


def test_what_a_command_prints_is_not_in_the_document(
    tmp_path: Path, submitted: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shell = Shell(tmp_path, capfd)
    shell.begin_from(submitted)
    typed = shell(f"{WAIT} --json --backend emulator", DONE, "echo spoken; exit 3")
    assert json.loads(typed.out)["runs"][0]["onDone"] == {"exitCode": 3}
    assert (typed.code, typed.err) == (1, "spoken\n")


def test_a_command_may_act_on_the_run(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    download = f"{sys.executable} -m chargen_batch download --quiet --project {shell.root}"
    typed = shell(f"{WAIT} --json --backend emulator", DONE, f"{download} --backend emulator")
    assert typed.code == 0, typed
    assert shell.phase(typed.document["runs"][0]["runId"]) == "applying"


@pytest.mark.parametrize("command", ["poll", "download"])
def test_jobs_are_given_up_of_a_run_that_is_named(shell: Shell, command: str) -> None:
    typed = shell(f"{command} --give-up 1")
    assert (typed.code, typed.err) == (
        2,
        "error: --give-up is for the jobs of one run\nhint: say which: --run ID\n",
    )


def test_a_job_that_the_service_has_lost_is_given_up_by_what_the_hint_says(
    shell: Shell, served: Emulator
) -> None:
    run_id = at_work(shell)
    gone = served.world.list_jobs("main", 9, "")[0][0]
    served.world.delete_job("main", gone.id)
    shell("poll")
    typed = shell(WAIT)
    assert typed.code == 1
    hint = typed.err.rpartition("type: chargen-batch ")[2].strip()
    assert hint.startswith(f"poll --run {run_id} --give-up ")
    assert shell(hint).code == 0
    assert shell.phase(run_id) == "downloading"


def test_results_that_the_service_has_lost_are_given_up_by_what_the_hint_says(
    shell: Shell, served: Emulator
) -> None:
    run_id = at_work(shell)
    shell(WAIT)
    served.faults.add("files.download", Fault("status:404"))
    typed = shell("download")
    hint = typed.err.rpartition("type: chargen-batch ")[2].strip()
    served.faults.add("files.download", Fault("status:404"))
    again = shell(hint)
    assert (typed.code, again.code, shell.phase(run_id)) == (1, 0, "applying")
    assert "was given up: its results are gone" in again.err


def test_a_run_that_was_polled_to_its_end_says_so(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    run_id = shell(f"{WAIT} --json --backend emulator").document["runs"][0]["runId"]
    typed = shell(f"poll --run {run_id}")
    assert (typed.code, typed.out) == (0, f"run {run_id}: downloading, nothing to poll\n")


def test_jobs_that_wait_for_a_slot_are_told_with_the_command(shell: Shell) -> None:
    (shell.root / "chargen.yaml").write_text(
        "batch: {backend: emulator, max_tasks_per_job: 2, max_concurrent_jobs: 1}\n"
    )
    run_id = shell("plan --quiet").out.strip()
    codes = [shell(command).code for command in ("stage", "submit", "poll", "poll")]
    assert codes == [0, 75, 75, 75]
    last = shell.typed[-1]
    assert last.out.endswith("2 of 5 request(s) done, 2 job(s) waiting to be submitted\n")
    assert last.err.endswith(f"hint: next, type: chargen-batch submit --run {run_id}\n")
