"""resume as a person types it, and as cron does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.test_which_run import acted_on, two_runs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell

CRON = "resume --all --quiet"


def naming_the_emulator(shell: Shell) -> Shell:
    """Let the story's own configuration name the emulator."""
    text = (shell.root / "chargen.yaml").read_text()
    (shell.root / "chargen.yaml").write_text(text.replace("{", "{backend: emulator, ", 1))
    return shell


@pytest.fixture
def rehearsing(shell: Shell) -> Shell:
    """Give a story that is there to rehearse with."""
    return naming_the_emulator(shell)


def test_run_goes_from_the_plan_to_its_end_with_one_command(rehearsing: Shell) -> None:
    run_id = rehearsing.plan()
    typed = rehearsing("resume --yes --wait --interval 0.05")
    assert (typed.code, rehearsing.phase(run_id)) == (0, "completed")
    assert typed.out.startswith(f"run {run_id}: completed, 5 done, 0 failed (")
    assert "3 of 3 job(s) at work, 5 task(s) open" in typed.err
    assert (rehearsing.root / ".chargen" / "batch" / run_id / "report.html").is_file()


def test_first_job_waits_for_yes(rehearsing: Shell) -> None:
    run_id = rehearsing.plan()
    typed = rehearsing("resume")
    assert (typed.code, typed.out, rehearsing.phase(run_id)) == (3, "", "staged")
    assert f"hint: type: chargen-batch resume --run {run_id} --yes" in typed.err
    assert rehearsing("resume --yes").code == 75


def test_cron_is_silent_while_it_waits_and_when_nothing_is_left(
    shell: Shell, submitted: Path
) -> None:
    shell.begin_from(submitted)
    naming_the_emulator(shell)
    codes = [shell(CRON).code for _ in range(3)]
    assert codes == [75, 0, 0]
    assert {(typed.out, typed.err) for typed in shell.typed} == {("", "")}


def test_all_leaves_alone_what_was_never_submitted_and_says_so(rehearsing: Shell) -> None:
    first = rehearsing.plan("--scope characters")
    rehearsing.emulated("stage", "submit")
    second = rehearsing.plan("--scope locations")
    typed = rehearsing("resume --all")
    assert typed.code == 75
    assert typed.out.splitlines()[0] == (
        f"left alone, since never submitted: {second} (--yes takes them too)"
    )
    assert [rehearsing.phase(first), rehearsing.phase(second)] == ["running", "planned"]


def test_all_with_yes_takes_every_run_oldest_first(rehearsing: Shell) -> None:
    ids = two_runs(rehearsing)
    typed = rehearsing("resume --all --yes --json")
    assert (typed.code, acted_on(typed)) == (75, ids)
    assert rehearsing("resume --all --wait --interval 0.05").code == 0
    assert [rehearsing.phase(run_id) for run_id in ids] == ["completed"] * 2


def test_run_that_another_process_has_in_hand_is_one_to_come_back_to(rehearsing: Shell) -> None:
    first, second = two_runs(rehearsing, "stage", "submit")
    with rehearsing.held_by_another(f".chargen/batch/{first}/run.lock"):
        assert rehearsing(f"resume --run {first}").code == 5
        typed = rehearsing(CRON)
    assert (typed.code, typed.out, typed.err) == (75, "", "")
    assert [rehearsing.phase(first), rehearsing.phase(second)] == ["submitted", "running"]


def test_problem_of_one_run_does_not_keep_the_others(rehearsing: Shell) -> None:
    first, second = two_runs(rehearsing, "stage", "submit")
    (rehearsing.root / ".chargen" / "batch" / first / "state.json").write_text("{")
    typed = rehearsing(CRON)
    assert (typed.code, rehearsing.phase(second)) == (1, "running")
    assert "state.json is damaged" in typed.err


def test_without_a_name_the_current_run_is_taken_else_the_newest_unfinished(
    rehearsing: Shell,
) -> None:
    ids = set(two_runs(rehearsing, "stage", "submit"))
    current = (rehearsing.root / ".chargen" / "batch" / "current").read_text().strip()
    assert acted_on(rehearsing("resume --json")) == [current]
    assert acted_on(rehearsing("resume --json")) == [current]
    assert rehearsing.phase(current) == "completed"
    assert acted_on(rehearsing("resume --json")) == [*(ids - {current})]


def test_ended_run_without_a_report_gets_it(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    shell("apply --yes")
    typed = shell("resume --all")
    assert (typed.code, "(report)" in typed.out) == (0, True)
    assert shell("resume").out == shell("resume --all").out == "nothing to resume\n"


def test_rehearsal_is_entered_into_a_real_story_only_with_yes(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    typed = shell("resume")
    assert (typed.code, "was a rehearsal" in typed.err) == (1, True)
    assert shell("resume --yes").code == 0


def test_one_run_and_all_of_them_is_wrong_usage(rehearsing: Shell) -> None:
    run_id = rehearsing.plan()
    assert rehearsing(f"resume --all --run {run_id}").code == 2


def test_run_that_does_not_exist_is_3(rehearsing: Shell) -> None:
    assert rehearsing("resume --run 20200101T000000Z-none").code == 3
