"""validate: all that is wrong, at once, for people and for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.phases import story

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

BROKEN = "zones:\n  - slug: a\n    images: [\n"
NO_ID = "scenes:\n  - title: One\n    scene: Somebody walks.\n  - title: Two\n  - 5\n"


def spoil(shell: Shell) -> None:
    (shell.root / story.KILN).write_text(BROKEN)
    (shell.root / story.IDEAS).write_text(NO_ID)
    (shell.root / "chargen.yaml").write_text("stroy: x\nbatch: {backend: emulater}\n")


def test_a_whole_story_is_0_and_says_nothing_on_stdout(shell: Shell) -> None:
    typed = shell("validate")
    assert (typed.code, typed.out) == (0, "")
    assert typed.err.startswith("5 target(s), no problems")
    assert not (shell.root / ".chargen").exists()


def test_problems_of_all_files_and_of_the_configuration_are_told_at_once(shell: Shell) -> None:
    spoil(shell)
    typed = shell("validate")
    assert typed.code == 6
    assert [line.partition(": ")[0] for line in typed.out.splitlines()] == [
        "chargen.yaml:1:1",
        "chargen.yaml:2:18",
        f"{story.IDEAS}:4:5",
        f"{story.IDEAS}:5:5",
        f"{story.KILN}:4:1",
    ]
    assert typed.err.startswith("2 target(s), 5 problem(s) in 3 file(s)")


def test_a_problem_says_its_path_and_what_was_expected(shell: Shell) -> None:
    (shell.root / story.IDEAS).write_text(NO_ID)
    lines = shell("validate --quiet").out.splitlines()
    assert lines[1].endswith("scenes: expected a mapping, found the number 5  [scenes[2]]")


def test_both_marks_of_a_broken_file_are_told(shell: Shell) -> None:
    (shell.root / story.KILN).write_text(BROKEN)
    (line,) = shell("validate").out.splitlines()
    assert line.startswith(f"{story.KILN}:4:1: ")
    assert line.endswith("(while parsing a flow node, line 4, column 1)")


def test_quiet_prints_the_problems_alone(shell: Shell) -> None:
    spoil(shell)
    typed = shell("validate --quiet")
    assert (len(typed.out.splitlines()), typed.err) == (5, "")


def test_scope_and_only_say_what_is_looked_at(shell: Shell) -> None:
    (shell.root / story.KILN).write_text(BROKEN)
    assert shell("validate --scope characters").code == 0
    assert shell("validate --only ines").code == 0


@pytest.mark.parametrize("option", ["--json", "--format json"])
def test_json_has_every_problem_with_its_place(shell: Shell, option: str) -> None:
    spoil(shell)
    document = shell(f"validate {option}").document
    assert document["problems"][1] == {
        "file": "chargen.yaml",
        "line": 2,
        "column": 18,
        "message": "expected one of gemini, vertex, emulator, found 'emulater'; "
        "did you mean emulator?",
        "path": "batch.backend",
    }


def test_a_variable_that_is_wrong_is_a_problem_too(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEN_STROY", "x")
    assert shell("validate").out.startswith("CHARGEN_STROY: unknown variable; did you mean CHARG")
    assert shell("validate --format github").out.startswith("::error::CHARGEN_STROY: unknown")
    (result,) = sarif(shell)["runs"][0]["results"]
    assert (result["locations"], result["message"]["text"][:14]) == ([], "CHARGEN_STROY:")


def test_a_folder_without_a_story_is_a_problem(shell: Shell) -> None:
    (shell.root / "chargen.yaml").write_text("story: characters\n")
    typed = shell("validate")
    assert typed.code == 6
    assert "no story found in" in typed.out


def test_a_default_shape_that_the_model_does_not_offer_is_a_problem(shell: Shell) -> None:
    text = "models: {generate: gemini-3.1-flash-lite-image}\ndefaults: {scene: {image_size: 4K}}\n"
    (shell.root / "chargen.yaml").write_text(text)
    typed = shell("validate")
    assert typed.code == 6
    assert typed.out.startswith("chargen.yaml:2:32: expected one of 1K (what gemini-3.1-flash-lite")


def test_a_shape_in_a_variable_is_named_by_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHARGEN_DEFAULTS__SCENE__ASPECT_RATIO", "7:5")
    typed = shell("validate")
    assert typed.out.startswith("CHARGEN_DEFAULTS__SCENE__ASPECT_RATIO: expected one of 1:1, 2:3")


def test_verbose_lists_texts_that_no_prompt_is_made_of(shell: Shell) -> None:
    with (shell.root / story.IDEAS).open("a") as stream:
        stream.write("    my_own_notes: a remark of mine about the wood\n")
    assert "my_own_notes" not in shell("validate").err
    typed = shell("validate --verbose")
    assert (typed.code, typed.out) == (0, "")
    place = f"{story.IDEAS}:8:5: no prompt is made of this text  [scenes[1].my_own_notes]"
    assert f"warning: {place}" in typed.err.splitlines()


def test_github_is_told_file_line_and_column(shell: Shell) -> None:
    (shell.root / story.IDEAS).write_text(NO_ID)
    lines = shell("validate --format github").out.splitlines()
    place = f"::error file={story.IDEAS},line=5,col=5::"
    assert lines[1] == f"{place}scenes: expected a mapping, found the number 5  [scenes[2]]"


def test_paths_for_github_begin_at_the_repository(shell: Shell) -> None:
    (shell.root.parent / ".git").mkdir()
    (shell.root / story.KILN).write_text(BROKEN)
    typed = shell("validate --format github")
    assert typed.out.startswith(f"::error file=story/{story.KILN},line=4,col=1::")


def sarif(shell: Shell) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(shell("validate --format sarif").out)
    return document


def test_sarif_has_what_its_standard_requires(shell: Shell) -> None:
    spoil(shell)
    document = sarif(shell)
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    rules = [rule["id"] for rule in driver["rules"]]
    assert (document["version"], driver["name"]) == ("2.1.0", "chargen-batch")
    assert document["$schema"].endswith("sarif-2.1.0.json")
    assert all(result["ruleId"] in rules for result in run["results"])
    assert all(result["message"]["text"] and result["level"] for result in run["results"])


def test_sarif_has_a_place_for_each_problem(shell: Shell) -> None:
    spoil(shell)
    location = sarif(shell)["runs"][0]["results"][3]["locations"][0]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": story.IDEAS, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 5, "startColumn": 5},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "scenes[2]"}]


def test_sarif_of_a_whole_story_has_no_results(shell: Shell) -> None:
    assert sarif(shell)["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        (story.IDEAS, "scenes: [{titel: A, scene: B}]", "it has titel: did you mean title?"),
        (story.KILN, "zones: [{sulg: a, description: b}]", "it has sulg: did you mean slug?"),
        (story.KILN, "beat_images: [{sulg: a}]", "it has sulg: did you mean slug?"),
        (story.CHAPTER, "images: [{custom-id: a}]", "it has custom-id: did you mean custom_id?"),
        (story.CHAPTER, "images: [{id: a, promt: b}]", "it has promt: did you mean prompt?"),
    ],
)
def test_the_nearest_known_name_is_told(shell: Shell, file: str, text: str, line: str) -> None:
    (shell.root / file).write_text(text)
    assert line in shell("validate").out


def test_a_list_that_is_nearly_named_right_is_a_warning(shell: Shell) -> None:
    (shell.root / story.IDEAS).write_text("scene: [{title: A, scene: B}]\n")
    typed = shell("validate --verbose")
    place = f"{story.IDEAS}:1:8"
    assert f"warning: {place}: scene: did you mean scenes?  [scene]" in typed.err.splitlines()
