from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch.emulator.faults import Fault
from tests.phases import story

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator
    from tests.cli.conftest import Shell


def test_a_run_that_another_process_holds_is_5(shell: Shell) -> None:
    run_id = shell.plan()
    with shell.held_by_another(f".chargen/batch/{run_id}/run.lock"):
        typed = shell("stage --backend emulator")
    assert typed.code == 5
    assert "is in use by `chargen-batch poll` (process " in typed.err
    assert "hint: wait for it, or give --lock-timeout SECONDS" in typed.err
    assert shell.phase(run_id) == "planned"


@pytest.mark.usefixtures("served")
def test_a_wrong_key_is_7(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "wrong-key-of-nobody")
    shell("plan")
    typed = shell("stage")
    assert typed.code == 7
    assert "API key not valid" in typed.err
    assert "wrong-key-of-nobody" not in typed.err


def test_jobs_that_run_are_75(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    typed = shell("poll --backend emulator")
    assert (typed.code, "3 of 3 job(s) at work" in typed.out) == (75, True)


@pytest.mark.parametrize("command", ["poll", "download", "apply"])
def test_75_prints_nothing_with_quiet(shell: Shell, submitted: Path, command: str) -> None:
    shell.begin_from(submitted)
    typed = shell(f"{command} --quiet --backend emulator")
    assert (typed.code, typed.out, typed.err) == (75, "", "")


def test_what_only_awaits_the_service_is_75_with_the_command(shell: Shell, submitted: Path) -> None:
    shell.begin_from(submitted)
    typed = shell("apply --backend emulator")
    assert typed.code == 75
    assert typed.err.endswith("hint: type: chargen-batch poll\n")


def test_waiting_for_quota_goes_on_until_every_job_is_created(
    shell: Shell, served: Emulator
) -> None:
    served.faults.add("batches.create", Fault("pass"), Fault("status:429"))
    shell("plan")
    shell("stage")
    typed = shell("submit --wait --interval 0.05")
    assert typed.code == 0
    assert len(served.world.list_jobs("main", 9, "")[0]) == 3


def test_a_lost_answer_is_75_and_then_found_on_the_service(shell: Shell, served: Emulator) -> None:
    served.faults.add("batches.create", Fault("drop_after"))
    shell("plan")
    shell("stage")
    assert shell("submit").code == 75
    assert "1 found on the service" in shell("submit").out
    assert len(served.world.list_jobs("main", 9, "")[0]) == 3


def test_a_refused_job_is_said_and_the_others_go_on(shell: Shell, served: Emulator) -> None:
    served.faults.add("batches.create", Fault("status:400"))
    shell("plan")
    shell("stage")
    typed = shell("submit")
    assert (typed.code, "2 job(s) created, 1 refused" in typed.out) == (0, True)
    assert "warning: job 1 was refused" in typed.err


def test_tasks_that_failed_make_report_4(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    kiln = shell.root / story.KILN
    kiln.write_text(kiln.read_text().replace("slug: fire-mouth", "slug: fire-door"))
    shell.emulated("apply --yes")
    typed = shell("report --backend emulator")
    assert (typed.code, "fire-mouth@" in typed.out) == (4, True)


def test_a_broken_file_makes_apply_1_with_its_place(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    (shell.root / story.KILN).write_text("zones: [\n")
    typed = shell("apply --yes --backend emulator")
    assert typed.code == 1
    assert f"error: {story.KILN}:2:1: " in typed.err


def test_a_rehearsal_is_not_entered_without_yes(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    typed = shell("apply --backend emulator")
    assert (typed.code, "--yes" in typed.err) == (1, True)


def test_a_rehearsal_is_entered_where_chargen_yaml_names_it(shell: Shell) -> None:
    (shell.root / "chargen.yaml").write_text("batch: {backend: emulator}\n")
    commands = ("plan", "stage", "submit", "poll", "poll", "download", "apply")
    codes = [shell(command).code for command in commands]
    assert codes == [0, 0, 0, 75, 0, 0, 0]


def test_an_option_that_says_what_chargen_yaml_says_changes_nothing(shell: Shell) -> None:
    (shell.root / "chargen.yaml").write_text("batch: {backend: emulator}\n")
    for command in ("plan", "stage", "submit", "poll", "poll", "download"):
        shell(command)
    assert shell("apply --backend emulator").code == 0
