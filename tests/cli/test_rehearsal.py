"""Trouble that is rehearsed by the embedded emulator, from a file, across commands."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import stamina
from typer.main import get_command

from chargen_batch.cli.app import app
from chargen_batch.cli.main import main
from tests.phases import story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Shell

PAGE: Final = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text("utf-8")
(EXAMPLE,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
RECIPE: Final = next(
    block
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    if "plan" in block
)
COMMANDS: Final = getattr(get_command(app), "commands")  # noqa: B009 - Typer's own group, untyped
NOT_YET: Final = 75
ROUNDS: Final = 8


@pytest.fixture(autouse=True)
def _retries_do_not_sleep() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


def trouble(shell: Shell, text: str) -> None:
    """Write what shall go wrong."""
    file = shell.root / ".chargen" / "emulator" / "trouble.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def until_done(shell: Shell, command: str) -> list[int]:
    """Type a command until it is not to be typed again, and return its exit codes."""
    codes: list[int] = []
    while not codes or (codes[-1] == NOT_YET and len(codes) < ROUNDS):
        codes.append(shell(f"{command} --backend emulator").code)
    return codes


def drawn(shell: Shell) -> str:
    """Bring a run from its plan to its report, and return its id."""
    run_id = shell.plan()
    for command in ("stage", "submit", "poll", "download", "apply --yes"):
        assert until_done(shell, command)[-1] == 0, shell.typed[-1]
    return run_id


def created(shell: Shell) -> list[int]:
    """Return how the calls were answered by which a job is created."""
    ledger = shell.root / ".chargen" / "emulator" / "requests.ndjson"
    lines = [json.loads(line) for line in ledger.read_text("utf-8").splitlines()]
    return [line["status"] for line in lines if line["method"] == "batches.create"]


def jobs(shell: Shell, run_id: str) -> list[dict[str, Any]]:
    """Return the jobs of a run."""
    state = shell.root / ".chargen" / "batch" / run_id / "state.json"
    return list(json.loads(state.read_text("utf-8"))["jobs"])


def unused(shell: Shell) -> tuple[int, str]:
    """Ask what of the trouble did not happen."""
    return typed_alone(shell, "--unused")


def typed_alone(shell: Shell, *options: str) -> tuple[int, str]:
    """Type `emulator`, which takes no project, at the story's state."""
    state = str(shell.root / ".chargen" / "emulator")
    code = main(["emulator", "--state", state, *options])
    return code, shell.capsys.readouterr().out


def test_the_example_of_the_docs_ends_completed_with_one_dead_letter(shell: Shell) -> None:
    trouble(shell, EXAMPLE)
    run_id = drawn(shell)
    report = shell("report --json --backend emulator")
    summary = report.document["runs"][0]["report"]["report"]["summary"]
    assert (report.code, summary["success"], summary["failed"]) == (4, 4, 1)
    assert shell.phase(run_id) == "completed"
    # Three jobs for four calls: the one that was refused, and the one whose answer was lost.
    assert Counter(created(shell)) == {200: 2, 429: 1, 0: 1}
    assert len(jobs(shell, run_id)) == 3
    assert unused(shell) == (0, "")


def test_the_commands_of_the_docs_rehearse_the_example(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trouble.toml").write_text(EXAMPLE, encoding="utf-8")
    monkeypatch.setenv("CHARGEN_EMULATOR_TROUBLE", str(tmp_path / "trouble.toml"))
    for line in re.findall(r"^chargen-batch ([^|#\n]*)", RECIPE, re.MULTILINE):
        if line.startswith("emulator "):
            assert unused(shell) == (0, "")
        else:
            typed = shell(line.replace("--interval 1", "--interval 0.05").strip())
            assert typed.code == (4 if line.startswith("report") else 0), typed


def test_the_docs_name_no_option_that_there_is_not() -> None:
    options = {option for each in COMMANDS["emulator"].params for option in each.opts}
    typed = re.findall(r"^chargen-batch emulator (--\S+)", PAGE, re.MULTILINE)
    named = re.findall(r"`(--[a-z]+)`", PAGE)
    assert {*typed, *named} <= options


def test_the_faults_that_did_not_happen_are_listed_and_1(shell: Shell) -> None:
    trouble(shell, '[faults]\n"files.get" = ["pass"]\n"batches.get" = ["pass", "html:502*2"]\n')
    shell.plan()
    assert unused(shell) == (1, "files.get: pass\nbatches.get: pass, html:502, html:502\n")


def test_rewound_trouble_happens_again(shell: Shell) -> None:
    trouble(shell, '[faults]\n"files.upload.start" = ["status:400"]\n')
    shell.plan()
    codes = [shell("stage --backend emulator").code for _ in range(2)]
    assert (codes[0] != 0, codes[1]) == (True, 0)
    assert typed_alone(shell, "--rewind")[0] == 0
    assert unused(shell) == (1, "files.upload.start: status:400\n")


def test_under_a_limit_of_one_live_job_all_get_through_one_after_the_other(shell: Shell) -> None:
    trouble(shell, "[quotas]\nmax_live_jobs = 1\n")
    run_id = shell.plan()
    shell.emulated("stage")
    for _ in range(ROUNDS):
        submitted = shell("submit --backend emulator").code
        until_done(shell, "poll")
        if submitted == 0:
            break
    assert until_done(shell, "poll")[-1] == 0
    shell.emulated("download", "apply --yes")
    assert shell.phase(run_id) == "completed"
    assert Counter(created(shell))[200] == 3


def test_files_that_expired_by_the_emulators_clock_are_uploaded_again(shell: Shell) -> None:
    shell.plan()
    shell.emulated("stage")
    code, out = typed_alone(shell, "--advance", "49h")
    assert (code, out.startswith("clock: ")) == (0, True)
    assert until_done(shell, "submit")[-1] == 0
    assert Counter(created(shell))[200] == 3


def test_what_a_job_has_that_was_cancelled_is_collected(shell: Shell) -> None:
    trouble(shell, '[endings]\n"*/0001/*" = "CANCELLED with output"\n')
    run_id = drawn(shell)
    states = [job["state"] for job in jobs(shell, run_id)]
    assert states.count("JOB_STATE_CANCELLED") == 1
    report = shell("report --json --backend emulator").document["runs"][0]["report"]["report"]
    assert report["summary"]["success"] == len(story.TARGETS) - 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("[faults]\nx = 'pass'\n", "[faults]: no such method: 'x'"), ("[", "trouble.toml: ")],
)
def test_trouble_that_is_badly_written_is_6_and_says_where(
    shell: Shell, text: str, said: str
) -> None:
    trouble(shell, text)
    shell.plan()
    typed = shell("stage --backend emulator")
    assert (typed.code, said in typed.err) == (6, True)
    assert "hint: see chargen-batch emulator --help, and docs/emulator.md" in typed.err


def test_trouble_that_may_have_been_forgotten_is_told_of(shell: Shell) -> None:
    shell.plan()
    assert "makes trouble" not in shell("stage --backend emulator").err
    trouble(shell, "[quotas]\nmax_live_jobs = 1\n")
    assert "warning: the emulator makes trouble, as " in shell("submit --backend emulator").err


def test_the_environment_names_another_file(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEN_EMULATOR_TROUBLE", str(tmp_path / "none.toml"))
    shell.plan()
    typed = shell("stage --backend emulator")
    assert (typed.code, "none.toml: No such file" in typed.err) == (6, True)
