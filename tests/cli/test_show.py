"""show: one task, from a run or from the story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.phases import story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell

BOWL = "character/ines/throwing-a-bowl"


def test_a_target_is_planned_freshly_where_no_run_has_it(shell: Shell) -> None:
    document = shell("show throwing-a-bowl --json").document
    assert (document["runId"], document["state"]) == (None, "new")
    assert document["task"]["key"].startswith(f"{BOWL}@")
    assert not (shell.root / ".chargen" / "batch").exists()


@pytest.mark.parametrize("name", [BOWL, "ines/throwing-a-bowl", "throwing-a-bowl", "throw*"])
def test_a_target_may_be_named_in_full_or_shorter(shell: Shell, name: str) -> None:
    assert shell(f"show {name}").out.startswith(f"{BOWL}@")


def test_a_task_is_shown_as_its_run_has_it(shell: Shell) -> None:
    run_id = shell.plan()
    key = shell("show first-smoke --json").document["task"]["key"]
    ideas = (shell.root / story.KILN).read_text()
    (shell.root / story.KILN).write_text(ideas.replace("White smoke", "Black smoke"))
    typed = shell("show", key)
    now, _, before = typed.out.partition(f"\nas run {run_id} has it\n")
    assert "as it would be sent now" in now
    assert "White smoke" not in now
    assert now.count("Black smoke stands") == 2  # in its section, and in the prompt
    assert before.startswith(f"  {key}\n")
    assert "White smoke stands" in before.partition(f"\nprompt of run {run_id}\n")[2]
    assert "[-White-]{+Black+} smoke stands" in before
    assert "the story asks for another prompt now" in typed.err


def test_the_document_has_what_would_be_sent_now_beside_what_the_run_has(shell: Shell) -> None:
    shell.plan()
    assert shell("show first-smoke --json").document["now"] is None
    ideas = (shell.root / story.KILN).read_text()
    (shell.root / story.KILN).write_text(ideas.replace("White smoke", "Black smoke"))
    document = shell("show first-smoke --json").document
    assert "White smoke stands" in document["task"]["prompt"]
    assert "Black smoke stands" in document["now"]["prompt"]
    assert document["outdated"]


def test_references_that_a_run_has_and_the_story_no_more_are_told_apart(shell: Shell) -> None:
    run_id = shell.plan()
    (shell.root / story.PORTRAIT).unlink()
    out = shell("show throwing-a-bowl").out
    now, _, before = out.partition(f"\nreferences of run {run_id}\n")
    assert story.PORTRAIT not in now
    assert before.splitlines() == [f"  portrait: {story.PORTRAIT}"]


def test_a_rejected_picture_is_shown_as_it_is_drawn_next(shell: Shell, applying: Path) -> None:
    shell.begin_from(applying)
    assert shell("apply --yes --backend emulator").code == 0
    text = (shell.root / story.INES).read_text()
    (shell.root / story.INES).write_text(text.replace("draft", "rejected"))
    lines = shell("show throwing-a-bowl --backend emulator").out.splitlines()
    document = shell("show throwing-a-bowl --backend emulator --json").document
    assert document["now"]["variant"] == 2
    assert lines[0] == document["now"]["key"]
    assert lines[1:3] == ["  as it would be sent now", "  rejected: its pictures were all rejected"]
    assert lines[-3:-1] == [f"  {document['task']['key']}", "  gemini-3-pro-image, 3:4, 1K"]
    assert lines[-1] == "  the same prompt"


def test_sections_are_shown_with_priority_and_source(shell: Shell) -> None:
    lines = shell("show throwing-a-bowl").out.splitlines()
    (where,) = [number for number, line in enumerate(lines) if line.startswith("  2 scene")]
    assert lines[where] == "  2 scene  [scenes[0].scene]"
    assert lines[where + 1].strip() == "Ines throws a bowl on the wheel, clay to her elbows."


def test_a_section_of_the_settings_names_the_setting_and_where_it_is_given(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    style = "style: {base: Ink and wash., scenarios: {character: Half-length.}}\n"
    (shell.root / "chargen.yaml").write_text(style)
    monkeypatch.setenv("CHARGEN_STYLE__BASE", "Oils.")
    lines = shell("show throwing-a-bowl").out.splitlines()
    assert "  5 style  [CHARGEN_STYLE__BASE: style.base]" in lines
    assert "  5 style of the scenario  [chargen.yaml: style.scenarios]" in lines
    assert "  2 character  [the character's name]" in lines


def test_references_are_shown_with_their_roles(shell: Shell) -> None:
    assert f"  portrait: {story.PORTRAIT}" in shell("show throwing-a-bowl").out.splitlines()


def test_the_request_is_what_would_be_sent(shell: Shell) -> None:
    document = shell("show door-opens --json").document
    request = document["request"]
    parts = request["request"]["contents"][0]["parts"]
    assert request["key"] == document["task"]["key"]
    assert parts[0]["fileData"]["fileUri"] == story.PORTRAIT
    assert parts[-1]["text"] == document["task"]["prompt"]
    assert request["request"]["generationConfig"]["imageConfig"]["aspectRatio"] == "16:9"


def test_what_was_uploaded_has_its_uri_in_the_request(shell: Shell) -> None:
    shell.emulated("plan", "stage")
    request = shell("show throwing-a-bowl --json").document["request"]["request"]
    assert request["contents"][0]["parts"][0]["fileData"]["fileUri"].startswith("https://")


def test_a_name_that_nothing_has_is_2_with_the_nearest(shell: Shell) -> None:
    typed = shell("show trowing-a-bowl")
    assert (typed.code, typed.out) == (2, "")
    assert typed.err == (
        f"error: the story has no target trowing-a-bowl\nhint: did you mean {BOWL}?\n"
    )
    assert "plan --dry-run lists the targets" in shell("show zzzz").err


def test_a_run_that_was_asked_for_has_no_substitute(shell: Shell) -> None:
    run_id = shell.plan("--only ines")
    typed = shell(f"show fire-mouth --run {run_id}")
    assert (typed.code, typed.err.splitlines()[0]) == (
        2,
        f"error: run {run_id} has no target fire-mouth",
    )
    assert shell("show fire-mouth").code == 0


def test_a_name_that_several_have_is_2_with_their_names(shell: Shell) -> None:
    text = (shell.root / story.KILN).read_text()
    (shell.root / story.KILN).write_text(text.replace("first-smoke", "throwing-a-bowl"))
    typed = shell("show throwing-a-bowl")
    assert typed.code == 2
    assert f"name one: {BOWL}, location/old-kiln/throwing-a-bowl" in typed.err


def test_a_task_whose_target_is_gone_is_shown_without_sections(shell: Shell) -> None:
    shell.plan()
    (shell.root / story.IDEAS).write_text("scenes: []\n")
    document = shell("show throwing-a-bowl --json").document
    assert (document["state"], document["sections"]) == (None, [])
    assert shell("show throwing-a-bowl").code == 0


def test_a_broken_file_elsewhere_does_not_matter(shell: Shell) -> None:
    (shell.root / story.KILN).write_text("zones: [\n")
    assert shell("show throwing-a-bowl").code == 0
