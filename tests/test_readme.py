"""What the README says of the product is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from chargen_batch.cli.app import app
from chargen_batch.errors import ExitCode

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = getattr(get_command(app), "commands")  # noqa: B009 - Typer's own group, untyped
BLOCKS = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
TYPED = sorted(
    {
        shlex.join(shlex.split(found[1], comments=True))
        for block in BLOCKS
        for found in re.finditer(r"(?:^|\()(chargen-batch [a-z][^)\n]*)", block, re.MULTILINE)
    }
)


def test_the_first_block_is_the_two_commands() -> None:
    lines = [line.split("#")[0].strip() for line in BLOCKS[0].strip().splitlines()]
    assert lines == ["make demo", "make test"]


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert (ROOT / ".ci/run").read_text("utf-8").splitlines()[-1] == "make test"


def test_the_command_table_is_what_the_program_has() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| (.*) \|$", README, re.MULTILINE)
    assert rows == [(name, command.help) for name, command in COMMANDS.items()]


def test_the_exit_code_table_has_every_code() -> None:
    codes = re.findall(r"^\| (\d+) \|", README, re.MULTILINE)
    assert [int(code) for code in codes] == sorted(int(code) for code in ExitCode)


def test_the_docs_tell_of_every_exit_code() -> None:
    table = (ROOT / "docs/exit-codes.md").read_text("utf-8")
    codes = re.findall(r"^\| (\d+) \|", table, re.MULTILINE)
    assert [int(code) for code in codes] == sorted(int(code) for code in ExitCode)


@pytest.mark.parametrize("line", TYPED)
def test_what_the_readme_types_is_understood(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    options = {option for each in COMMANDS[name].params for option in each.opts}
    assert {word for word in arguments if word.startswith("--")} <= {*options, "--help"}


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINKS = [
    (page.relative_to(ROOT).as_posix(), link)
    for page in PAGES
    for link in sorted(set(re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))))
]


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_links_lead_somewhere(page: str, link: str) -> None:
    assert (ROOT / page).parent.joinpath(link).exists()
