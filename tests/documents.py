"""What the project's documents say: their pages, code blocks, links, and the commands in them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from typer.main import get_command

from chargen_batch.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = sorted((ROOT / "docs").rglob("*.md"))
PAGES: Final = [ROOT / "README.md", ROOT / "examples/lantern-coast/README.md", *DOCS]
COMMANDS: Final = getattr(get_command(app), "commands")  # noqa: B009 - Typer's own group, untyped

_FENCED: Final = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_TYPED: Final = re.compile(r"(?<![\w./-])chargen-batch +([a-z]+(?:[^\n)|;&>#]|&(?!&))*)")
# A shell's variables: one with a word for where it is (not) set is that word, others are a 1.
_DEFAULT: Final = re.compile(r"\$\{\w+:[-+]([^{}]*)\}")
_VARIABLE: Final = re.compile(r"\$\w+")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        """Return where the block stands, for a test's name."""
        return f"{self.page}:{self.line}"


def named(page: Path) -> str:
    """Return a page's path as messages show it."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return a page's fenced blocks, of these languages or of all."""
    text = page.read_text("utf-8")
    found = [
        Block(named(page), text.count("\n", 0, each.start()) + 1, each[2], each[3])
        for each in _FENCED.finditer(text)
    ]
    return [block for block in found if not languages or block.language in languages]


def prose(page: Path) -> str:
    """Return what a page says outside of its fenced blocks."""
    return _FENCED.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """Return where a page's links lead, those to other hosts left out."""
    found = {link for link in _LINK.findall(prose(page)) if "://" not in link}
    return sorted(found)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    bare = (
        re.sub(r"[^\w\s-]", "", title).strip().lower() for title in _HEADING.findall(prose(page))
    )
    return {re.sub(r"[-\s]+", "-", title) for title in bare}


def typed(text: str) -> Iterator[list[str]]:
    """Yield the words behind ``chargen-batch`` of every command that is typed in a text."""
    plain = _VARIABLE.sub("1", _DEFAULT.sub(r"\1", text))
    for found in _TYPED.finditer(plain):
        yield shlex.split(found[1], comments=True)


def understood(words: list[str]) -> None:
    """Let the command line read a command without running it; what it cannot read is an error."""
    name, *arguments = words
    if "--help" not in arguments:
        COMMANDS[name].make_context(name, arguments)
