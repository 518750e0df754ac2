from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tests.phases import story
from tests.phases.story import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli.conftest import Shell

WAIT: Final = "poll --wait --interval 0.05"
TO_APPLYING: Final = ("plan", "stage", "submit", WAIT, "download")
ALL: Final = (*TO_APPLYING, "apply --yes", "report")


def test_the_seven_commands_draw_the_story(shell: Shell) -> None:
    shell.emulated(*ALL)
    outs = [typed.out for typed in shell.typed]
    assert "5 to draw, about $0." in outs[0]
    assert "staged, 3 job(s), 5 file(s) uploaded" in outs[1]
    assert "submitted, 3 job(s) created" in outs[2]
    assert "downloading, every job that was created has ended, 5 of 5 request(s) done" in outs[3]
    assert "ready to apply, 3 result file(s) fetched" in outs[4]
    assert "completed, 5 done, 0 failed" in outs[5]
    assert "completed, 5 of 5 done, 0 failed, 0 open, 0 left out" in outs[6]
    pictures = {path.stem.rpartition("-")[0] for path in shell.root.rglob("images/*-*.png")}
    assert pictures == set(TARGETS)


def test_each_command_names_the_next_one(shell: Shell) -> None:
    shell.emulated(*ALL)
    last = [typed.err.strip().rpartition("\n")[2] for typed in shell.typed]
    hints = [line.removeprefix("hint: next, type: ") for line in last]
    following = ("stage", "submit", "poll --wait", "download", "apply", "report")
    assert hints == [*(f"chargen-batch {command}" for command in following), ""]


def test_every_command_prints_one_json_document(shell: Shell) -> None:
    document: dict[str, Any] = {}
    for command in ALL:
        typed = shell(f"{command} --json --backend emulator")
        document = typed.document
        assert (typed.code, typed.err, document["command"]) == (0, "", command.split()[0])
    assert document["runs"][0]["report"]["report"]["summary"]["success"] == 5


def test_the_plans_document_has_every_target(shell: Shell) -> None:
    document = shell("plan --json").document
    assert [target["targetId"] for target in document["targets"]] == list(TARGETS)
    assert document["targets"][0]["references"] == [story.PORTRAIT]
    assert document["runId"]


def test_with_quiet_only_plan_prints_and_only_the_runs_id(shell: Shell) -> None:
    for command in ALL:
        shell.emulated(f"{command} --quiet")
    first, *others = shell.typed
    assert shell.phase(first.out.strip()) == "completed"
    assert {(typed.out, typed.err) for typed in others} == {("", "")}
    assert first.err == ""


def test_every_command_again_has_nothing_to_do(shell: Shell) -> None:
    shell.emulated(*ALL)
    before = ours(shell)
    again = [typed.out for typed in (shell(f"{name} --backend emulator") for name in ALL)]
    assert "nothing to do" in again[0]
    assert again[1:6] == ["nothing to do: the last plan made no run\n"] * 2 + [
        f"nothing to {name}\n" for name in ("poll", "download", "apply")
    ]
    after = ours(shell)
    changed = {path.name for path in before | after if before.get(path) != after.get(path)}
    assert changed == {"current"}


def ours(shell: Shell) -> dict[Path, bytes]:
    """Return the project's files but the emulator's, the cache, logs and locks."""
    kept = (path for path in shell.root.rglob("*") if path.is_file() and _counts(str(path)))
    return {path: path.read_bytes() for path in kept}


def _counts(name: str) -> bool:
    return not any(
        word in name for word in (".chargen/emulator", ".chargen/cache", "log.ndjson", ".lock")
    )


def test_waiting_says_between_rounds_how_far_it_is(shell: Shell) -> None:
    shell.emulated(*ALL)
    (line,) = [line for line in shell.typed[3].err.splitlines() if "asking again" in line]
    state = r"running, 3 of 3 job\(s\) at work, 0 of 5 request\(s\) done"
    age = r"the oldest is 0 min old and ends by [\dT:-]+Z"
    assert re.search(rf"{state}; {age}; asking again in 0\.0[45]\d? s$", line)


def test_a_run_goes_on_with_the_backend_it_was_planned_for(shell: Shell) -> None:
    shell("plan --backend emulator")
    assert [shell(command).code for command in ("stage", "submit")] == [0, 0]
    asked_for_another = shell("poll --backend gemini")
    assert asked_for_another.code == 3
    assert "was planned for emulator, not gemini" in asked_for_another.err


def test_reports_in_json_have_names_like_the_documents(shell: Shell) -> None:
    shell("plan --backend emulator")
    (run,) = shell("stage --json").document["runs"]
    assert {"runId", "uploadedBytes", "jobCount"} <= run["report"].keys()


def test_plan_says_what_is_being_drawn_already(shell: Shell) -> None:
    shell("plan --backend emulator")
    shell("stage")
    shell("submit")
    assert "5 being drawn by an unfinished run" in shell("plan --backend emulator").out


def test_a_run_on_the_embedded_emulator_is_not_sent_to_a_served_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell("plan --backend emulator")
    shell("stage")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    typed = shell("submit")
    assert typed.code == 3
    assert "hint: unset GOOGLE_GEMINI_BASE_URL, or plan a new run" in typed.err
