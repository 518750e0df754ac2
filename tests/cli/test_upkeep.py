from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from chargen_batch.cli import terminal
from tests.cli.test_pipeline import WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell

EMULATED = "--backend emulator"


def edit_state(shell: Shell, run_id: str, **changes: object) -> None:
    """Change a run's state, as time does."""
    path = shell.root / ".chargen" / "batch" / run_id / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def lost(shell: Shell) -> str:
    """Let a run end without any result, and return its id."""
    run_id = shell.plan()
    shell.emulated("stage", "submit")
    assert shell(f"cancel --yes {EMULATED}").code == 0
    assert shell.phase(run_id) == "cancelled"
    return run_id


def done(shell: Shell, options: str = "") -> str:
    """Bring a run to its end and return its id."""
    run_id = shell.plan(options)
    shell.emulated("stage", "submit", WAIT, "download", "apply --yes", f"report --run {run_id}")
    return run_id


def test_a_plan_is_cancelled_without_asking(shell: Shell) -> None:
    run_id = shell.plan()
    typed = shell("cancel")
    assert (typed.code, typed.out) == (0, f"run {run_id}: cancelled, 0 job(s) came to nothing\n")
    assert shell("cancel").out == f"run {run_id}: cancelled, nothing to cancel\n"


def test_jobs_at_work_are_not_cancelled_without_yes(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    typed = shell("cancel")
    assert typed.code == 1
    assert "the service is at work on 3 job(s)" in typed.err
    assert "--yes" in typed.err
    typed = shell("cancel --yes")
    assert (typed.code, "3 job(s) came to nothing" in typed.out) == (0, True)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_on_a_terminal_a_person_is_asked(
    shell: Shell, submitted: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    shell.begin_from(submitted)
    monkeypatch.setattr(terminal, "has_a_person", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    typed = shell("cancel")
    assert (typed.code, "Stop 3 job(s)" in typed.err) == (code, True)


def test_retry_makes_a_run_that_goes_its_way(shell: Shell) -> None:
    parent = lost(shell)
    typed = shell("retry")
    child = (shell.root / ".chargen/batch/current").read_text().strip()
    assert f"run {parent}: 5 task(s) go into run {child}, about $0." in typed.out
    assert typed.err.endswith("hint: next, type: chargen-batch stage\n")
    shell.emulated("stage", "submit", WAIT, "download", "apply --yes", f"report --run {child}")
    assert shell.phase(child) == "completed"


def test_retry_quiet_prints_the_new_runs_id_alone(shell: Shell) -> None:
    lost(shell)
    typed = shell("retry --quiet")
    assert (shell.phase(typed.out.strip()), typed.err) == ("planned", "")
    assert shell("retry --quiet").out == typed.out
    shell("cancel --quiet")
    done(shell)
    assert shell("retry --quiet").out == ""


def test_retry_says_what_it_leaves_out(shell: Shell) -> None:
    parent = lost(shell)
    done(shell)
    typed = shell(f"retry --run {parent}")
    assert typed.out == f"run {parent}: nothing to retry\n  5 left out: in a later run already\n"
    assert shell("retry").out == "nothing to retry\n"


def test_retry_all_takes_every_run_oldest_first(shell: Shell) -> None:
    first, second = (shell.plan(f"--scope {scope}") for scope in ("characters", "locations"))
    for run_id in (first, second):
        for command in ("stage", "submit", "cancel --yes"):
            assert shell(f"{command} --run {run_id}").code == 0
    document = shell("retry --all --json").document
    assert [run["runId"] for run in document["runs"]] == sorted((first, second))
    assert [run["report"]["retried"] for run in document["runs"]] == [2, 2]


def test_retry_takes_codes(shell: Shell) -> None:
    lost(shell)
    assert shell("retry --code NO_IMAGE_DATA").out == "nothing to retry\n"
    assert "5 task(s)" in shell("retry --code NO_IMAGE_DATA --code JOB_CANCELLED").out


@pytest.mark.parametrize("command", ["retry", "cleanup", "cleanup --local"])
def test_a_run_that_is_not_finished_is_refused(shell: Shell, command: str) -> None:
    run_id = shell.plan()
    assert shell(f"{command} --run {run_id}").code == 3


def test_run_and_all_are_not_given_together(shell: Shell) -> None:
    assert shell("retry --all --run x").code == 2


def test_report_has_cleaned_up_behind_a_completed_run(shell: Shell) -> None:
    done(shell)
    assert shell("cleanup").out == "nothing to clean up\n"
    assert shell("cleanup --json").document["runs"] == []


def test_cleanup_says_what_would_go_and_then_removes_it(shell: Shell) -> None:
    run_id = lost(shell)
    dry = shell("cleanup --dry-run")
    assert f"run {run_id}: cancelled, would remove 5 file(s) and 0 job(s)" in dry.out
    assert dry.out.count("  files/") == 5
    typed = shell("cleanup")
    assert f"run {run_id}: cancelled, 5 file(s) and 0 job(s) removed from the service" in typed.out
    assert "kept: job 1 (batches/" in typed.out
    assert shell("cleanup").out == "nothing to clean up\n"


def test_report_without_a_key_is_a_warning_and_no_error(
    shell: Shell, applying: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.begin_from(applying)
    shell.emulated("apply --yes")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    typed = shell("report")
    assert typed.code == 0
    assert "warning: what the run has on the service was not removed" in typed.err


def test_old_runs_are_removed_from_this_machine(shell: Shell) -> None:
    run_id = done(shell)
    shell.plan()
    assert shell("cleanup --local").out == "no finished run is older than 30 day(s)\n"
    edit_state(shell, run_id, completedAt="2026-01-01T00:00:00Z")
    dry = shell("cleanup --local --dry-run")
    assert dry.out == f"run {run_id}: would be removed from this machine\n"
    assert shell("cleanup --local").out == f"run {run_id}: removed from this machine\n"
    assert not (shell.root / ".chargen" / "batch" / run_id).exists()


def test_a_run_that_is_kept_says_why(shell: Shell) -> None:
    run_id = lost(shell)
    typed = shell(f"cleanup --local --older-than 0 --run {run_id}")
    assert typed.out == f"run {run_id}: kept, it is the run that was planned last\n"
