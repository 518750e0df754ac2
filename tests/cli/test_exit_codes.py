from __future__ import annotations

from pathlib import Path

import pytest

from chargen_batch.cli import app
from chargen_batch.cli.main import main
from chargen_batch.phases import stage
from tests.cli.conftest import Shell
from tests.phases import story

WAIT = "poll --wait --interval 0.05"


@pytest.mark.parametrize(
    "command",
    ["plan --scope nothing", "plan --no-such-option", "poll --interval 0", "stage --backend x"],
)
def test_wrong_usage_is_2(shell: Shell, command: str) -> None:
    typed = shell(command)
    assert (typed.code, typed.out) == (2, "")
    assert "Usage: chargen-batch" in typed.err


def test_an_unknown_command_is_2(shell: Shell) -> None:
    assert shell("draw").code == 2


@pytest.mark.parametrize(("command", "typed_next"), [("submit", "stage"), ("poll", "stage")])
def test_too_early_is_3_with_the_command_to_type(
    shell: Shell, command: str, typed_next: str
) -> None:
    run_id = shell.plan()
    typed = shell(f"{command} --backend emulator")
    assert (typed.code, typed.out) == (3, "")
    assert typed.err.startswith("error: ")
    assert typed.err.endswith(f"hint: type: chargen-batch {typed_next} --run {run_id}\n")


@pytest.mark.parametrize("command", ["stage", "poll", "report"])
def test_a_run_that_does_not_exist_is_3(shell: Shell, command: str) -> None:
    run_id = shell.plan()
    typed = shell(f"{command} --run 20200101T000000Z-none")
    assert typed.code == 3
    assert f"hint: the newest is {run_id}" in typed.err


def test_a_run_may_be_named_by_its_path(shell: Shell) -> None:
    run_id = shell.plan()
    typed = shell("report --quiet --run", str(shell.root / ".chargen" / "batch" / run_id))
    assert typed.code == 0


def test_a_story_that_another_process_writes_in_is_5(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    with shell.held_by_another(".chargen/story.lock"):
        assert shell("apply --yes --backend emulator").code == 5
    assert shell("apply --yes --backend emulator").code == 0


def test_problems_are_6_with_file_line_and_column(shell: Shell) -> None:
    (shell.root / story.KILN).write_text("zones:\n  - slug: a\n    images: [\n")
    typed = shell("plan")
    assert typed.code == 6
    assert typed.err.splitlines()[0].startswith(f"{story.KILN}:4:1: ")
    assert "error: the story's files have 1 problem(s)" in typed.err


def test_problems_stand_in_the_json_document(shell: Shell) -> None:
    (shell.root / story.KILN).write_text("zones: [\n")
    (problem,) = shell("plan --json").document["error"]["problems"]
    assert (problem["file"], problem["line"], problem["column"]) == (story.KILN, 2, 1)


def test_skip_invalid_says_what_it_left_out(shell: Shell) -> None:
    (shell.root / story.KILN).write_text("zones: [\n")
    typed = shell("plan --skip-invalid")
    assert typed.code == 0
    assert f"{story.KILN}:2:1: " in typed.err


def test_an_unknown_setting_is_6_with_the_nearest_known(shell: Shell) -> None:
    (shell.root / "chargen.yaml").write_text("bach: {backend: emulator}\n")
    typed = shell("plan")
    assert typed.code == 6
    first, second, _ = typed.err.splitlines()
    assert first == "chargen.yaml:1:1: unknown key bach; did you mean batch?  [bach]"
    assert second == "error: the configuration has 1 problem(s)"


def test_no_key_is_6_naming_both_ways(shell: Shell) -> None:
    assert shell("plan").code == 0
    typed = shell("stage")
    assert typed.code == 6
    assert "GEMINI_API_KEY" in typed.err
    assert "--backend emulator" in typed.err


def test_a_backend_that_is_not_set_up_is_6_naming_the_setting(shell: Shell) -> None:
    assert shell("plan --backend vertex").code == 0
    typed = shell("stage")
    assert typed.code == 6
    assert "vertex.project" in typed.err
    assert "chargen.yaml" in typed.err


def test_no_story_is_6(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = Shell(tmp_path, capsys)("plan")
    assert typed.code == 6
    assert "error: no story found in" in typed.err


def test_no_project_is_6(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Shell(tmp_path / "nowhere", capsys)("plan").code == 6


def test_check_is_10_when_something_would_be_planned(shell: Shell) -> None:
    assert shell("plan --check").code == 10
    assert not (shell.root / ".chargen").exists()
    assert shell("plan --check --json --target none").document["runId"] is None


def test_a_dry_run_prints_the_table_and_writes_nothing(shell: Shell) -> None:
    typed = shell("plan --dry-run --no-color")
    assert typed.code == 0
    assert "character/ines" in typed.out
    assert "ines, tomas" in typed.out
    assert not (shell.root / ".chargen").exists()


def test_a_bug_is_70_with_the_path_of_a_log(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.plan()
    monkeypatch.setattr(stage, "run", raising(RuntimeError("no such thing")))
    typed = shell("stage --backend emulator")
    assert (typed.code, typed.out, typed.err.count("\n")) == (70, "", 1)
    log = Path(typed.err.split()[-1])
    assert "RuntimeError: no such thing" in log.read_text()


def test_ctrl_c_is_130(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    shell.plan()
    with monkeypatch.context() as patch:
        patch.setattr(stage, "run", raising(KeyboardInterrupt()))
        typed = shell("stage --backend emulator")
    assert typed.code == 130
    assert typed.err.startswith("error: interrupted")
    assert shell.emulated("stage").code == 0


@pytest.mark.parametrize("typed", ["spoilt", "spoilt --help"])
def test_a_command_that_cannot_be_loaded_is_a_bug_and_not_unknown(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setitem(app.ROOMS, "spoilt", "spoilt_commands")
    monkeypatch.setattr(app, "import_module", raising(KeyError("PLACES")))
    told = shell(typed)
    assert (told.code, told.out, told.err.count("\n")) == (70, "", 1)
    log = Path(told.err.split()[-1])
    assert "KeyError: 'PLACES'" in log.read_text()
    assert shell("draw").code == 2


def raising(error: BaseException) -> object:
    def run(*_args: object, **_kwargs: object) -> None:
        raise error

    return run


def test_what_the_system_refuses_is_1_with_its_place(shell: Shell) -> None:
    (shell.root / ".chargen").write_text("a file, where a folder must be")
    typed = shell("plan")
    assert typed.code == 1
    assert str(shell.root / ".chargen") in typed.err
    assert "hint: mend that and type the same command again" in typed.err


def test_help_and_version_are_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == main(["plan", "--help"]) == main(["--version"]) == 0
    assert "chargen-batch 0." in capsys.readouterr().out


def test_wrong_usage_is_one_json_document_too(shell: Shell) -> None:
    typed = shell("plan --no-such-option --json")
    assert typed.document["error"]["code"] == "USAGE"


def test_an_endless_interval_is_wrong_usage(shell: Shell) -> None:
    assert shell("poll --wait --interval inf").code == 2


def test_a_broken_file_is_told_also_with_quiet(shell: Shell) -> None:
    for command in ("plan", "stage", "submit", WAIT, "download"):
        shell(f"{command} --backend emulator --quiet")
    (shell.root / story.KILN).write_bytes(b"zones: [")
    typed = shell("apply --yes --quiet --backend emulator")
    assert (typed.code, typed.out) == (1, "")
    assert typed.err.startswith(f"error: {story.KILN}:1:")


def test_a_run_of_another_project_is_refused(shell: Shell, tmp_path: Path) -> None:
    run_id = shell.plan()
    other = Shell(tmp_path / "other", shell.capsys)
    other.root.mkdir()
    typed = other("stage --backend emulator", "--run", str(shell.root / f".chargen/batch/{run_id}"))
    assert typed.code == 3
    assert "is a run of another project" in typed.err


def test_a_damaged_pointer_is_no_bug(shell: Shell) -> None:
    shell.plan()
    (shell.root / ".chargen/batch/current").write_bytes(b"\xff")
    assert shell("stage --backend emulator").code == 0
