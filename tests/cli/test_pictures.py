"""explain and adopt, as they are typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chargen_batch.cli.main import main
from tests.phases import story
from tests.phases.adopting import painted, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell

BOWL = "character/ines/throwing-a-bowl"


@pytest.fixture
def image(tmp_path: Path) -> str:
    """Give a picture made by hand, outside of the project."""
    path = tmp_path / "my bowl.png"
    path.write_bytes(painted())
    return str(path)


def test_an_adopted_picture_is_told_in_one_line(shell: Shell, image: str) -> None:
    typed = shell("adopt", image, "throwing-a-bowl", "--status", "approved")
    assert (typed.code, typed.err) == (0, "")
    assert typed.out.startswith(f"{BOWL}: characters/ines/images/throwing-a-bowl-")
    assert typed.out.endswith(f".png, entered into {story.INES} as approved\n")
    assert " 1 done," in shell("plan --dry-run").out


def test_adopting_again_says_so(shell: Shell, image: str) -> None:
    shell("adopt", image, "throwing-a-bowl")
    typed = shell("adopt", image, "throwing-a-bowl", "--move")
    assert typed.code == 0
    assert "is its picture already, nothing changed; the file that was given is gone" in typed.out


def test_a_dry_run_takes_no_lock_and_says_what_it_would_do(shell: Shell, image: str) -> None:
    with shell.held_by_another(".chargen/story.lock"):
        typed = shell("adopt", image, "door-opens", "--dry-run")
        assert shell("adopt", image, "door-opens").code == 5
    assert typed.code == 0
    assert "would be entered into" in typed.out
    assert "warning: asked for 16:9" in typed.err


def test_an_adoption_as_json_is_one_document(shell: Shell, image: str) -> None:
    document = shell("adopt --json", image, "throwing-a-bowl").document
    assert (document["command"], document["target"], document["variant"]) == ("adopt", BOWL, 1)
    assert (document["entered"], document["file"]) == (True, story.INES)


def test_a_second_picture_is_1_and_a_broken_file_6_and_no_target_2(
    shell: Shell, image: str
) -> None:
    shell("adopt", image, "throwing-a-bowl")
    typed = shell("adopt", str(shell.root / story.PORTRAIT), "throwing-a-bowl")
    assert (typed.code, typed.out) == (1, "")
    assert "hint: enter it beside that as the next variant with --as-variant" in typed.err
    assert shell("adopt", image, "nobody").code == 2
    (shell.root / story.INES).write_text("image_inventory: [\n")
    typed = shell("adopt", image, "carrying-wood")
    assert typed.code == 6
    assert f"{story.INES}:2:1: " in typed.err


def test_a_picture_from_a_rehearsal_is_explained(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    shell.emulated("apply --yes")
    (picture,) = (shell.root / "characters/ines/images").glob("throwing-a-bowl-*")
    typed = shell("explain", str(picture))
    lines = typed.out.splitlines()
    assert typed.code == 0
    assert "  told by its own bytes, its entry, its run, the story" in lines
    assert f"  target   {BOWL}  Throwing a Bowl" in lines
    assert "  now      done: its picture is there (its key is the same)" in lines
    assert "by batch if it were paid (rehearsal), as counted" in typed.out
    assert lines[lines.index("references") + 1].startswith(f"  portrait: {story.PORTRAIT} (same, ")


def test_an_explanation_as_json_is_one_document(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    shell.emulated("apply --yes")
    (picture,) = (shell.root / "characters/ines/images").glob("throwing-a-bowl-*")
    document = shell("explain --json", str(picture)).document
    assert (document["command"], document["target"]) == ("explain", BOWL)
    assert document["knownBy"] == ["picture", "entry", "run", "story"]
    assert document["place"]["yamlPath"] == "image_inventory[0]"
    assert document["references"][0]["now"] == "same"


def test_a_picture_is_explained_outside_of_any_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.png").write_bytes(recorded(painted(), f"{BOWL}@{'a' * 16}"))
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "f.png"]) == 0
    out, err = capsys.readouterr()
    assert (out.splitlines()[3], err) == (f"  target   {BOWL}", "")
    assert "not known any more; its SHA-256 was abab" in out


def test_a_relative_path_and_a_project_that_lacks_a_key_are_fine(
    shell: Shell, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell("adopt", image, "throwing-a-bowl")
    monkeypatch.chdir(shell.root / "characters" / "ines")
    (name,) = (shell.root / "characters/ines/images").glob("throwing-a-bowl-*")
    assert main(["explain", f"images/{name.name}"]) == 0


def test_a_picture_that_was_cut_is_explained_with_a_warning(shell: Shell, image: str) -> None:
    shell("adopt --quiet", image, "throwing-a-bowl")
    assert shell.typed[-1].out == ""
    (picture,) = (shell.root / "characters/ines/images").glob("throwing-a-bowl-*")
    picture.write_bytes(picture.read_bytes()[:-8])
    typed = shell("explain", str(picture))
    assert typed.code == 0
    assert "  image/png, changed since: these are other bytes" in typed.out.splitlines()
    assert typed.err.startswith("warning: it is not whole: ")


def test_what_a_reviewer_wrote_is_explained(shell: Shell, image: str) -> None:
    shell("adopt", image, "throwing-a-bowl")
    path, note = shell.root / story.INES, 'review_note: "six fingers\\nand \\x1b[2J"'
    path.write_text(path.read_text().replace('"draft"', f'"rejected"\n    {note}'))
    (picture,) = (shell.root / "characters/ines/images").glob("throwing-a-bowl-*")
    out = shell("explain", str(picture)).out
    assert "\nreview note\n  six fingers\n  and \ufffd[2J\n" in out
    document = shell("explain --json", str(picture)).document
    assert document["reviewNote"] == "six fingers\nand \x1b[2J"


def test_a_picture_that_nothing_tells_of_is_1(shell: Shell, image: str) -> None:
    typed = shell("explain", image)
    assert (typed.code, typed.out) == (1, "")
    assert typed.err.splitlines()[1].startswith("hint: make it a target's own: chargen-batch adopt")
    error = json.loads(shell("explain --json", image).out)["error"]
    assert error["message"].startswith("nothing is known of ")


def test_what_is_wrong_in_the_settings_keeps_no_picture_from_being_explained(
    shell: Shell, image: str
) -> None:
    shell("adopt", image, "throwing-a-bowl")
    (shell.root / "chargen.yaml").write_text("batch: {no_such_key: 1}\n")
    assert shell("explain", image).code == 0
    assert shell("adopt", image, "carrying-wood").code == 6


def test_a_strangers_picture_does_not_steer_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.png").write_bytes(recorded(painted(), "\x1b[2Ja/b/c@d", run_id="\r\x1b]0;x\x07"))
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "f.png"]) == 0
    out, _ = capsys.readouterr()
    assert all(line.isprintable() for line in out.split("\n"))
    assert "[2Ja/b/c@d" in out


def test_a_key_that_is_none_is_no_target(tmp_path: Path, shell: Shell) -> None:
    path = tmp_path / "f.png"
    path.write_bytes(recorded(painted(), "*"))
    document = shell("explain --json", str(path)).document
    assert (document["taskKey"], document["now"], document["place"]) == ("*", None, None)
