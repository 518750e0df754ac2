"""What the README says of the product is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from chargen_batch.cli.app import app
from chargen_batch.errors import WORST_FIRST, ExitCode

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = getattr(get_command(app), "commands")  # noqa: B009 - Typer's own group, untyped
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_first_block_is_the_two_commands() -> None:
    lines = [line.split("#")[0].strip() for line in BLOCKS[0].strip().splitlines()]
    assert lines == ["make demo", "make test"]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert (ROOT / ".ci/run").read_text("utf-8").splitlines()[-1] == "make test"


def test_the_command_table_is_what_the_program_has() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| (.*) \|$", README, re.MULTILINE)
    assert rows == [(name, command.help) for name, command in COMMANDS.items()]


EXIT_CODES = (ROOT / "docs/exit-codes.md").read_text("utf-8")


@pytest.mark.parametrize("text", [README, EXIT_CODES], ids=["README", "docs"])
def test_the_exit_code_table_has_every_code(text: str) -> None:
    assert [int(code) for code in _meanings(text)] == sorted(int(code) for code in ExitCode)


def test_both_exit_code_tables_say_the_same() -> None:
    short, long = _meanings(README), _meanings(EXIT_CODES)
    assert {code: _begin(text) for code, text in short.items()} == {
        code: _begin(text) for code, text in long.items()
    }


def test_the_docs_say_which_of_several_codes_is_worst() -> None:
    order = ", ".join(str(int(code)) for code in WORST_FIRST)
    assert f"the worst of theirs ({order})" in " ".join(EXIT_CODES.split())


def _meanings(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\| (\d+) \| ([^|]*) \|", text, re.MULTILINE))


def _begin(meaning: str) -> list[str]:
    return re.split(r"[:;]", meaning)[0].split()[:4]
