"""Words of the story, the service and the command line that would steer the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from chargen_batch.cli import menu_asking, terminal
from tests.phases import story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Shell, Typed

TITLE: Final = "\x1b]0;PWNED\x07"
WIPES: Final = "\x1b[2J\x9b31m\u202e"
COMMANDS: Final = (
    *("validate --verbose", "plan --dry-run --all", "plan --dry-run --diff", "show evil*"),
    *("status --story", "plan", "status", "runs", "report"),
)


@pytest.fixture
def evil(shell: Shell) -> Shell:
    """Give a story whose words are commands to a terminal."""
    title = json.dumps(f"Evil {TITLE}{WIPES}")
    scene = f"  - {{title: {title}, scene: {title}, moood: {title}}}\n"
    ideas = shell.root / story.IDEAS
    ideas.write_text(ideas.read_text().rstrip("\n") + "\n" + scene)
    (shell.root / "characters" / f"x{TITLE}\nerror: all is lost").mkdir()
    return shell


def commands_to_a_terminal(text: str) -> set[str]:
    return {letter for letter in text if letter not in "\r\n" and not letter.isprintable()}


def all_of(typed: Typed) -> str:
    return typed.out + typed.err


@pytest.mark.parametrize("command", COMMANDS)
def test_the_words_of_a_story_are_shown_and_not_obeyed(evil: Shell, command: str) -> None:
    assert not commands_to_a_terminal(all_of(evil(command)))


def test_a_folder_breaks_no_line_in_two(evil: Shell) -> None:
    lines = all_of(evil("validate")).splitlines()
    assert "error: all is lost" not in lines
    assert any(line.startswith("characters/x␛]0;PWNED␇␊error: all is lost: ") for line in lines)


def test_what_was_typed_is_shown_and_not_obeyed(shell: Shell) -> None:
    for options in (["--run", TITLE], ["--run", f"{TITLE}\n{WIPES}"]):
        typed = shell("status", *options)
        assert typed.code == 3
        assert not commands_to_a_terminal(all_of(typed))


def test_a_document_stays_one_and_has_the_words_as_they_are(evil: Shell) -> None:
    typed = evil("show evil* --json")
    assert not commands_to_a_terminal(typed.out)
    assert "\u202e" in typed.document["task"]["title"]


def test_what_is_said_beside_and_in_the_menu_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.aside(f"warning: the service says {TITLE}{WIPES}")
    terminal.say(TITLE)
    terminal.put(TITLE)
    menu_asking.say(TITLE)
    out, err = capsys.readouterr()
    assert not commands_to_a_terminal(out + err)
    assert "␛]0;PWNED␇" in err


@pytest.fixture
def above() -> Iterator[list[str]]:
    """Give the lines that are printed above bars."""
    lines: list[str] = []
    terminal.ABOVE.append(lines.append)
    yield lines
    terminal.ABOVE.remove(lines.append)


def test_what_is_said_above_the_bars_is_shown(above: list[str]) -> None:
    terminal.aside(TITLE)
    assert above == ["␛]0;PWNED␇"]
