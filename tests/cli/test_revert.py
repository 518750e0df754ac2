"""What a person types when results are to come out of the story, or back into it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from chargen_batch.cli import terminal
from tests.phases import story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell

EMULATED = "--backend emulator"


@pytest.fixture
def run_id(shell: Shell, applying: Path) -> str:
    """Give the id of a rehearsal that was entered into the story."""
    shell.begin_from(applying)
    shell.emulated("apply --yes")
    (folder,) = (path for path in (shell.root / ".chargen/batch").iterdir() if path.is_dir())
    return folder.name


def kiln(shell: Shell) -> bytes:
    return (shell.root / story.KILN).read_bytes()


def test_a_dry_run_lists_what_would_go(shell: Shell, run_id: str) -> None:
    before = kiln(shell)
    typed = shell(f"revert {run_id} --dry-run")
    assert typed.code == 0
    assert typed.out.startswith(f"run {run_id}: completed, 5 result(s) would be taken out")
    assert typed.out.count("@") == 5
    assert kiln(shell) == before


def test_without_a_person_nothing_is_taken_out_unless_it_is_said(shell: Shell, run_id: str) -> None:
    before = kiln(shell)
    typed = shell(f"revert {run_id}")
    assert (typed.code, typed.out) == (1, "")
    assert f"type: chargen-batch revert {run_id} --yes" in typed.err
    assert kiln(shell) == before


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_on_a_terminal_a_person_is_asked_first(
    shell: Shell, run_id: str, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr(terminal, "has_a_person", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    typed = shell(f"revert {run_id}")
    assert typed.code == code
    assert f"Take 5 result(s) of run {run_id} out of the story?" in typed.err
    assert (kiln(shell) == story.STORY[story.KILN]) == (code == 0)


def test_a_rehearsal_is_taken_out_and_told(shell: Shell, run_id: str) -> None:
    typed = shell(f"revert {run_id} --yes")
    assert typed.out == f"run {run_id}: completed, 5 result(s) taken out of the story\n"
    assert typed.err == f"hint: next, type: chargen-batch report --run {run_id}\n"
    assert kiln(shell) == story.STORY[story.KILN]
    typed = shell(f"report --run {run_id} {EMULATED}")
    assert "0 of 5 done" in typed.out
    assert "5 taken out again" in typed.out
    assert shell(f"revert {run_id}").out == f"run {run_id}: completed, nothing to revert\n"


def test_what_was_left_is_told_with_why(shell: Shell, run_id: str) -> None:
    path = shell.root / story.KILN
    path.write_text(path.read_text().replace('"draft"', '"approved"', 1))
    typed = shell(f"revert {run_id} --yes")
    assert (typed.code, "4 result(s) taken out" in typed.out) == (0, True)
    assert "its entry was changed" in typed.out
    document = shell(f"revert {run_id} --yes --json").document
    (left,) = document["runs"][0]["report"]["left"]
    assert left["why"] == "its entry was changed"


def test_a_run_that_is_not_applied_is_3(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    (folder,) = (path for path in (shell.root / ".chargen/batch").iterdir() if path.is_dir())
    typed = shell(f"revert {folder.name} --yes")
    assert (typed.code, f"chargen-batch apply --run {folder.name}" in typed.err) == (3, True)


def test_a_story_that_another_process_writes_in_is_5(shell: Shell, run_id: str) -> None:
    with shell.held_by_another(".chargen/story.lock"):
        assert shell(f"revert {run_id} --yes").code == 5


def test_restore_puts_entries_back_and_names_them(shell: Shell, run_id: str) -> None:
    whole = kiln(shell)
    (shell.root / story.KILN).write_bytes(story.STORY[story.KILN])
    assert shell("apply --restore").out == "nothing to restore\n"  # no rehearsal unless it is named
    typed = shell(f"apply --restore --yes --run {run_id}")
    assert (typed.code, "2 put back into the story" in typed.out) == (0, True)
    assert typed.out.count("restored: location/old-kiln/") == 2
    assert kiln(shell) == whole
    again = shell.emulated("apply --restore --yes")
    assert "put back" not in again.out


def test_a_file_is_given_up_as_the_hint_says(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    (shell.root / story.KILN).write_text("zones: [\n")
    typed = shell(f"apply --yes {EMULATED}")
    hint = next(line for line in typed.err.splitlines() if line.startswith("hint: "))
    command = hint.rpartition("chargen-batch ")[2]
    assert (typed.code, command.endswith(f"--give-up {story.KILN}")) == (1, True)
    typed = shell(f"{command} --yes {EMULATED}")
    assert (typed.code, "completed, 3 done, 2 failed" in typed.out) == (0, True)
    assert "is not in the way" in shell(f"{command} --yes {EMULATED}").err


@pytest.mark.parametrize("name", ["imagery.yaml", "./imagery.yaml", "whole", story.KILN])
def test_a_file_that_is_given_up_may_be_named_from_here_or_whole(
    shell: Shell, applying: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shell.begin_from(applying)
    file = shell.root / story.KILN
    file.write_text("zones: [\n")
    monkeypatch.chdir(file.parent)
    named = str(file) if name == "whole" else name
    typed = shell(f"apply --yes {EMULATED} --give-up", named)
    assert (typed.code, "completed, 3 done, 2 failed" in typed.out) == (0, True)


@pytest.mark.parametrize("level", ["structure", "full"])
def test_pictures_may_be_decoded_as_well(shell: Shell, applying: Path, level: str) -> None:
    shell.begin_from(applying)
    typed = shell(f"apply --yes --verify {level} {EMULATED}")
    assert (typed.code, "completed, 5 done, 0 failed" in typed.out) == (0, True)


def test_what_was_reverted_is_not_restored_and_that_is_said(shell: Shell, run_id: str) -> None:
    shell.emulated(f"revert {run_id} --yes")
    typed = shell.emulated("apply --restore --yes")
    assert f"run {run_id}: completed, 0 done, 0 failed, 5 taken out again\n" in typed.out
    assert "5 were reverted and are not restored; to draw them again, type: " in typed.err
    assert "type: chargen-batch report" not in typed.err


def test_what_was_reverted_is_not_open(shell: Shell, run_id: str) -> None:
    shell.emulated(f"revert {run_id} --yes")
    assert "0 failed, 0 open, 5 taken out again" in shell("status").out
    (line,) = shell("runs --json").document["runs"]
    assert (line["reverted"], line["completed"], line["total"]) == (5, 0, 5)
    assert "reverted" in shell("runs").out.splitlines()[0]


def test_folders_that_are_empty_after_a_revert_are_gone(shell: Shell, run_id: str) -> None:
    kiln_images = (shell.root / story.KILN).parent / "images"
    assert kiln_images.is_dir()
    shell.emulated(f"revert {run_id} --yes")
    assert not kiln_images.exists()
    assert [*shell.root.glob("characters/*/images")]  # the author's portrait is in it
