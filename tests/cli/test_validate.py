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
    lines = [line for line in typed.out.splitlines() if " | " not in line]
    assert [line.partition(": ")[0] for line in lines] == [
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


def test_both_marks_of_a_broken_file_are_told_and_the_line_is_shown(shell: Shell) -> None:
    (shell.root / story.KILN).write_text(BROKEN)
    line, shown, caret = shell("validate").out.splitlines()
    assert line.startswith(f"{story.KILN}:4:1: ")
    assert "(while parsing a flow node, line 4, column 1)" in line
    assert line.endswith(": a bracket is not closed, or a value is missing in it")
    assert (shown, caret) == ("     3 |     images: [", f"       | {' ' * 13}^")


@pytest.mark.parametrize("form", ["json", "github", "sarif"])
def test_machines_are_told_in_plain_words_too(shell: Shell, form: str) -> None:
    (shell.root / story.KILN).write_text(BROKEN)
    assert "a bracket is not closed" in shell(f"validate --format {form}").out


def test_quiet_prints_the_problems_alone(shell: Shell) -> None:
    spoil(shell)
    typed = shell("validate --quiet")
    problems = [line for line in typed.out.splitlines() if " | " not in line]
    assert (len(problems), typed.err) == (5, "")


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
        "excerpt": "",
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


def slips(shell: Shell, count: int) -> None:
    scenes = "".join(f"  - {{title: T{number}, scen: S, pose: P}}\n" for number in range(count))
    (shell.root / story.IDEAS).write_text(f"scenes:\n{scenes}")


def test_warnings_are_listed_and_quiet_stays_quiet(shell: Shell) -> None:
    slips(shell, 2)
    typed = shell("validate")
    first, second, last, *_ = typed.err.splitlines()
    assert first == (f"warning: {story.IDEAS}:2:23: scen: did you mean scene?  [scenes[0].scen]")
    assert second.endswith("did you mean scene?  [scenes[1].scen]")
    assert last.endswith("no problems, 2 warning(s)")
    assert shell("validate --quiet").err == ""


def test_of_many_warnings_twenty_are_listed_without_verbose(shell: Shell) -> None:
    slips(shell, 23)
    lines = shell("validate").err.splitlines()
    assert [line.startswith("warning: ") for line in lines].count(True) == 20
    assert "and 3 more: --verbose lists them" in lines
    told = shell("validate --verbose").err.splitlines()
    assert sum("did you mean scene?" in line for line in told) == 23


def test_verbose_lists_texts_that_no_prompt_is_made_of(shell: Shell) -> None:
    with (shell.root / story.IDEAS).open("a") as stream:
        stream.write("    my_own_notes: a remark of mine about the wood\n")
    unlisted = shell("validate").err
    assert "my_own_notes" not in unlisted
    assert "hint: no prompt is made of 1 text(s): --verbose lists them" in unlisted
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
