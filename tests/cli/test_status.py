"""status and runs as a person types them, and as a program does."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.cli.overview_views import aligned, span, usd
from chargen_batch.run.lock import LockHolder

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.conftest import Shell


def test_status_shows_phase_tasks_jobs_cost_and_the_next_command(
    shell: Shell, submitted: Path
) -> None:
    shell.begin_from(submitted)
    typed = shell("status")
    first, what, tasks, cost, jobs, *rows = typed.out.splitlines()
    assert first.startswith("run ")
    assert ": submitted, made " in first
    assert what.strip() == "generate all with gemini-3-pro-image on emulator"
    assert tasks.strip() == "tasks: 0 of 5 done, 0 failed, 5 open; 0 target(s) left out"
    assert cost.strip().startswith(
        "cost: $0.00 so far, $0.338 expected, if it were paid (rehearsal)"
    )
    assert (jobs, [row.split()[:2] for row in rows]) == (
        "jobs:",
        [["1", "running"], ["2", "running"], ["3", "running"]],
    )
    assert typed.err.startswith("hint: next, type: chargen-batch poll --wait --run ")


def test_status_needs_no_key(shell: Shell) -> None:
    shell.plan("--scope characters")
    assert shell("status --backend gemini").code == 0


def test_status_in_json_is_one_document(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    document = shell("status --json").document
    assert (document["command"], document["phase"], document["open"]) == ("status", "submitted", 5)
    assert [job["status"] for job in document["jobs"]] == ["running"] * 3
    assert document["nextCommand"] == f"poll --wait --run {document['runId']}"


def test_with_quiet_status_is_the_phase_alone(shell: Shell) -> None:
    shell.plan()
    assert shell("status --quiet").out == "planned\n"


def test_status_takes_the_newest_run_where_the_last_plan_made_none(
    shell: Shell, submitted: Path
) -> None:
    shell.begin_from(submitted)
    assert shell.plan() == ""
    assert ": submitted, made " in shell("status").out


def test_status_tells_who_is_at_work_on_the_run(shell: Shell) -> None:
    run_id = shell.plan()
    with shell.held_by_another(f".chargen/batch/{run_id}/run.lock"):
        assert "at work: `chargen-batch poll` (process " in shell("status").out
    assert "at work" not in shell("status").out


def test_holder_on_another_machine_is_not_known_to_be_at_work(shell: Shell) -> None:
    run_id = shell.plan()
    for host in (socket.gethostname(), f"not-{socket.gethostname()}"):
        noted = LockHolder(os.getppid(), host, "poll", "then")
        path = shell.root / ".chargen" / "batch" / run_id / "run.lock.json"
        path.write_bytes(msgspec.json.encode(noted))
        assert ("at work" in shell("status").out) == (host == socket.gethostname())


def test_without_any_run_there_is_nothing_to_show(shell: Shell) -> None:
    assert shell("status").out == "no run was planned yet (type: chargen-batch plan)\n"
    assert shell("status --json").document["runId"] is None
    assert shell("runs").out == "no run was planned yet (type: chargen-batch plan)\n"


def test_story_is_a_table_with_a_total(shell: Shell) -> None:
    lines = shell("status --story").out.splitlines()
    assert lines[0].split() == [
        *("entity", "wanted", "done", "undecided", "approved", "rejected"),
        *("changed", "in", "flight", "open"),
    ]
    assert lines[-1].split() == ["total", "5", "0", "0", "0", "0", "0", "0", "5"]
    document = shell("status --story --json --only ines").document
    assert [each["entity"] for each in document["entities"]] == ["character/ines"]
    assert document["total"]["wanted"] == 2


def test_filters_of_the_story_are_not_for_a_run(shell: Shell) -> None:
    assert shell("status --only ines").code == 2


def test_runs_are_listed_with_the_current_one_marked(shell: Shell) -> None:
    first = shell.plan("--scope characters")
    second = shell.plan("--scope locations")
    titles, *rows = shell("runs").out.splitlines()
    assert titles.split()[:3] == ["run", "phase", "done"]
    assert [row[:1] for row in sorted(rows, key=lambda row: row[1:])] == [
        "*" if run_id == second else " " for run_id in sorted((first, second))
    ]
    assert shell("runs --quiet").out.split() == sorted((first, second))


def test_damaged_run_is_told_and_the_others_listed(shell: Shell) -> None:
    first = shell.plan("--scope characters")
    second = shell.plan("--scope locations")
    (shell.root / ".chargen" / "batch" / first / "state.json").write_text("{")
    typed = shell("runs")
    assert (typed.code, second in typed.out) == (0, True)
    assert f"warning: run {first} cannot be read: " in typed.err
    assert [each["runId"] for each in shell("runs --json").document["damaged"]] == [first]


def test_what_was_rehearsed_is_not_spent(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    shell("apply --yes")
    typed = shell("runs --cost")
    assert typed.out == "nothing was spent yet\n"
    assert "no budget is set" in typed.err
    assert "not counted: 20" in typed.err


def test_budget_is_told_with_what_it_leaves(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARGEN_BATCH__MONTHLY_BUDGET_USD", "20")
    assert "budget: $20.00 a month, $20.00 left in 20" in shell("runs --cost").err
    document = shell("runs --cost --json").document
    assert (document["budgetUsd"], document["leftUsd"], document["months"]) == (20.0, 20.0, {})


def test_times_and_amounts_are_told_as_people_do() -> None:
    spans = [span(seconds) for seconds in (-1, 59, 60, 3600, 7260, 90_000)]
    assert spans == ["0 s", "59 s", "1 min", "1 h 0 min", "2 h 1 min", "1 d 1 h"]
    assert [usd(amount) for amount in (None, 0.0, 0.0671, 12.345)] == [
        *("?", "$0.00", "$0.067", "$12.35"),
    ]


def test_columns_that_are_empty_throughout_are_left_out() -> None:
    assert list(aligned([("a", "", "b"), ("cc", "", "d")])) == ["a   b", "cc  d"]
