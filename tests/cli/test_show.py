"""show: one task, from a run or from the story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.phases import story

if TYPE_CHECKING:
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
    assert f"in run {run_id}" in typed.out
    assert "White smoke stands" in typed.out.partition("\nprompt\n")[2]
    assert "the story asks for another prompt now" in typed.err


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
