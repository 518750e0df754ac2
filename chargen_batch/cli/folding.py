"""Lines for people, no wider than their terminal: folded at words, commands left whole."""

from __future__ import annotations

import os
import re
import textwrap
from typing import IO, Final

# What is to be copied stands on a line of its own where it does not fit behind its sentence.
_TO_COPY: Final = re.compile(r"^(?P<words>.*[:;,]) (?P<command>(?:chargen-batch|export) .*)$")
_INDENT: Final = "  "
# Narrower than this nothing can be made of it.
_LEAST: Final = 20


def width_of(stream: IO[str]) -> int | None:
    """Return how wide the terminal is that a stream goes to, ``None`` where it goes to none."""
    try:
        if not stream.isatty():
            return None
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return None
    return columns if columns >= _LEAST else None


def folded(text: str, width: int | None) -> str:
    """Return a text whose lines fit; for no terminal they stay as they are."""
    if width is None:
        return text
    return "\n".join(_folded_line(line, width) for line in text.split("\n"))


def _folded_line(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip())] + _INDENT
    found = _TO_COPY.match(line)
    if found is None:
        return _wrapped(line, width, indent)
    return "\n".join((_wrapped(found["words"], width, indent), f"{indent}{found['command']}"))


def _wrapped(line: str, width: int, indent: str) -> str:
    return "\n".join(
        textwrap.wrap(
            line,
            width,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
    )
