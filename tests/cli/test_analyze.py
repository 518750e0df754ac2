from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch import yaml12
from chargen_batch.core.analysis import analysis_of
from chargen_batch.core.results import parse_line
from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.outcomes import Behaviour
from tests.cli.conftest import Shell
from tests.cli.test_pipeline import WAIT
from tests.phases import analysing, story
from tests.phases.analysing import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator

PLAN = "plan --mode analyze"


@pytest.fixture
def studio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Give a shell in a story with pictures that nobody described."""
    return Shell(analysing.make(tmp_path / "story").root, capsys)


def outcomes(shell: Shell) -> list[dict[str, Any]]:
    (ledger,) = shell.root.glob(".chargen/batch/*/outcomes.jsonl")
    return [json.loads(line) for line in ledger.read_text("utf-8").splitlines()]


def result_lines(shell: Shell) -> list[bytes]:
    (results,) = shell.root.glob(".chargen/batch/*/results-0001.jsonl")
    return results.read_bytes().splitlines()


def test_the_seven_commands_analyse_the_story_at_the_emulator(studio: Shell) -> None:
    studio.root.joinpath("chargen.yaml").write_text("batch: {backend: emulator}\n")
    commands = (PLAN, "stage", "submit", WAIT, "download", "apply", "report")
    typed = [studio(command) for command in commands]
    assert [(one.code, one.err) for one in typed if one.code] == []
    assert "completed, 3 of 3 done, 0 failed" in typed[-1].out
    ends = outcomes(studio)
    assert {(end["status"], end["imagePath"]) for end in ends} == {("success", None)}
    assert [end["stage"] for end in ends] == ["received"] * 3 + ["settled"] * 3
    assert sum("altText" in json.loads(end["analysisJson"]) for end in ends) == 4
    sidecars = [json.loads(path.read_bytes()) for path in studio.root.rglob("*.analysis.json")]
    assert {(one["provider"], one["image"]) for one in sidecars} == {
        ("emulator", "bowl.png"),
        ("emulator", "door.jpg"),
    }
    assert 'provider: "emulator"' in (studio.root / story.INES).read_text("utf-8")
    assert not (studio.root / "characters/tomas/imagery.yaml").exists()


def test_the_emulators_answers_are_by_our_schemas(studio: Shell) -> None:
    studio.emulated(PLAN, "stage", "submit", WAIT, "download")
    for line in result_lines(studio):
        parsed = parse_line(line)
        version = "appearance/1" if "/appearance@" in str(parsed.key) else "image/1"
        assert analysis_of(version).outcome(parsed).error is None


def test_the_plans_document_says_what_is_analysed(studio: Shell) -> None:
    document = studio(f"{PLAN} --json").document
    assert [target["targetId"] for target in document["targets"]] == list(TARGETS)
    assert [target["state"] for target in document["targets"]] == ["new"] * 3
    assert document["targets"][0]["output"] == "characters/ines/images/bowl.png.analysis.json"
    assert document["cost"]["batchUsd"] > 0


def test_a_dry_run_of_an_analysis_shows_the_table_and_writes_nothing(studio: Shell) -> None:
    typed = studio(f"{PLAN} --dry-run")
    assert all(name in typed.out for name in TARGETS)
    assert "3 to analyse" in typed.out
    assert not (studio.root / ".chargen" / "batch").exists()


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> Emulator:
    """Give an emulator that the commands take for Google's service."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.base_url)
    monkeypatch.setenv("GEMINI_API_KEY", "any")
    emulator.world.pace = Pace(looks_to_finish=1)
    return emulator


def analysed(shell: Shell, emulator: Emulator, **kinds: str) -> list[dict[str, Any]]:
    """Go through all commands with these kinds of rows, by their targets; return how each ended."""
    outcomes_by_glob = {f"*/{stem}*": kind for stem, kind in kinds.items()}
    emulator.world.behaviour = Behaviour(outcomes=outcomes_by_glob)
    for command in (PLAN, "stage", "submit", WAIT, "download", "apply"):
        assert shell(command).code in {0, 4}
    return [end for end in outcomes(shell) if end["stage"] == "settled"]


def test_answers_of_the_service_are_entered_also_when_split_over_parts(
    studio: Shell, served: Emulator
) -> None:
    ends = analysed(studio, served, bowl="split", appearance="split")
    assert {end["status"] for end in ends} == {"success"}
    (sidecar,) = studio.root.glob("characters/ines/images/bowl.png.analysis.json")
    document = json.loads(sidecar.read_bytes())
    written = yaml12.load((studio.root / story.INES).read_bytes(), where="")
    assert isinstance(written, dict)
    (entry,) = written["image_inventory"]
    assert entry["content"]["title"] == document["analysis"]["title"]
    assert (entry["analysis"]["provider"], document["provider"]) == ("google", "google")
    assert (studio.root / "characters/tomas/imagery.yaml").exists()
    assert studio(f"{PLAN} --json").document["targets"] == []


def test_a_cut_answer_is_told_apart_from_a_wrong_one(studio: Shell, served: Emulator) -> None:
    kinds = {"bowl": "truncated", "appearance": "truncated:MAX_TOKENS", "door": "wrong_json"}
    ends = analysed(studio, served, **kinds)
    told = [end["error"]["message"] for end in ends]
    assert {(end["error"]["code"], end["error"]["retryable"]) for end in ends} == {
        ("BAD_ANALYSIS", True)
    }
    assert [
        sum(text in each for each in told)
        for text in (
            "not JSON: Input data was truncated",
            "MAX_TOKENS: the answer was cut off",
            "not by the schema",
        )
    ] == [1, 1, 1]
    assert not list(studio.root.rglob("*.analysis.json"))
