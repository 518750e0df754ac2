from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.test_pipeline import WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell, Typed


def two_runs(shell: Shell, *commands: str) -> list[str]:
    """Bring a run of characters and one of locations as far as these commands go."""
    ids = []
    for scope in ("characters", "locations"):
        ids.append(shell.plan(f"--scope {scope}"))
        shell.emulated(*commands)
    return sorted(ids)


def acted_on(typed: Typed) -> list[str]:
    return [run["runId"] for run in typed.document["runs"]]


def test_stage_takes_the_current_run_only(shell: Shell) -> None:
    shell.plan("--scope characters")
    second = shell.plan("--scope locations")
    assert acted_on(shell("stage --json --backend emulator")) == [second]


def test_poll_download_and_apply_take_every_run_oldest_first(shell: Shell) -> None:
    ids = two_runs(shell, "stage", "submit")
    for command in (WAIT, "download", "apply --yes"):
        assert acted_on(shell(f"{command} --json --backend emulator")) == ids
    assert [shell.phase(run_id) for run_id in ids] == ["completed"] * 2


def test_report_takes_every_finished_run_without_a_report(shell: Shell) -> None:
    ids = two_runs(shell, "stage", "submit")
    shell.emulated(WAIT, "download", "apply --yes")
    assert sorted(acted_on(shell("report --json"))) == ids
    assert len(acted_on(shell("report --json"))) == 1


def test_the_exit_code_is_the_worst_of_the_runs(shell: Shell) -> None:
    first, second = two_runs(shell, "stage", "submit")
    with shell.held_by_another(f".chargen/batch/{first}/run.lock"):
        typed = shell("poll --json --backend emulator")
    codes = {run["runId"]: run["exitCode"] for run in typed.document["runs"]}
    assert (typed.code, codes) == (5, {first: 5, second: 75})
    assert [shell.phase(first), shell.phase(second)] == ["submitted", "running"]


def test_with_run_only_that_one_is_taken(shell: Shell) -> None:
    first, second = two_runs(shell, "stage", "submit")
    shell(f"poll --backend emulator --run {second}")
    assert [shell.phase(first), shell.phase(second)] == ["submitted", "running"]


def test_no_run_at_all_is_nothing_to_do(shell: Shell) -> None:
    for command in ("stage", "submit", "poll", "download", "apply", "report"):
        typed = shell(command)
        assert (typed.code, typed.err) == (0, "")
        assert typed.out.startswith("nothing to ")


def test_after_a_plan_without_targets_there_is_nothing_to_stage(shell: Shell) -> None:
    shell.plan()
    assert shell.plan("--target none") == ""
    assert shell("stage").out == "nothing to do: the last plan made no run\n"


def test_a_command_whose_work_is_done_needs_no_key(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    run_id = shell.emulated("apply --yes --json").document["runs"][0]["runId"]
    for command in ("stage", "submit", "poll", "download", "apply", "report"):
        assert shell(f"{command} --run {run_id}").code == 0
