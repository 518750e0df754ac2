from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch.core.analysis import analysis_of
from chargen_batch.core.results import parse_line
from tests.cli.conftest import Shell
from tests.cli.test_pipeline import WAIT
from tests.phases import analysing
from tests.phases.analysing import TARGETS

if TYPE_CHECKING:
    from pathlib import Path

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
    assert {(end["stage"], end["status"], end["imagePath"]) for end in ends} == {
        ("settled", "success", None)
    }
    assert sum("altText" in json.loads(end["analysisJson"]) for end in ends) == 2
    assert not list(studio.root.rglob("*.analysis.json"))


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
