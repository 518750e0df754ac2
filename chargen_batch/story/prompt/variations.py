"""``scene_variations``: prose by lines that says how a character looks when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BULLET: Final = re.compile(r"[-*\u2022\u2013]\s+")
_NAME: Final = re.compile(r"((?:[^\W_][^:.!?()]{0,59})(?:\([^()]*\)[^:.!?()]{0,20})?):(?:\s+|$)")
_SCENES: Final = re.compile(r"scenes?\s*#?\s*(?=\d)", re.IGNORECASE)
_AND: Final = re.compile(r"\s*(?:,|&|/|\band\b)\s*", re.IGNORECASE)
_RANGE: Final = re.compile(r"(\d+)\s*(?:(\+)|(?:[-\u2013\u2014]|to)\s*(\d+))?", re.IGNORECASE)
_BRACKET: Final = re.compile(r"\(([^()]*)\)")
_SCENE_ID: Final = re.compile(r"(\d+)\D*$")
_THROUGHOUT: Final = "throughout"
_NO_END: Final = 10**9


@dataclass(frozen=True, slots=True)
class Variation:
    """A line of prose: its name, the scenes that it is for, what its bracket says, its text."""

    name: str
    text: str
    scenes: tuple[tuple[int, int], ...] = ()
    bracket: str = ""

    @property
    def throughout(self) -> bool:
        """Say whether it holds in every scene."""
        return not self.scenes and self.name.split(" ", 1)[0] == _THROUGHOUT


def picked(prose: str, *, scene_id: str, state: str) -> str:
    """Return what ``scene_variations`` says for a scene and a state; empty where no line fits.

    A line that has the state's name; the lines whose scenes hold the scene, among several those
    whose bracket holds the state, else all; and always what holds throughout.
    """
    lines = parsed(prose)
    state = _spoken(state)
    named = [line for line in lines if state and line.name == state]
    number = scene_number(scene_id)
    held = [line for line in lines if number is not None and _holds(line, number)]
    fitting = [line for line in held if state and _has_words(_spoken(line.bracket), state)]
    chosen = (*named, *(fitting if len(held) > 1 and fitting else held))
    throughout = (line for line in lines if line.throughout)
    return " ".join(dict.fromkeys(_ended(line.text) for line in (*chosen, *throughout)))


def scene_number(scene_id: str) -> int | None:
    """Return the number of a scene in its chapter: of ``scn-01-03`` 3."""
    match = _SCENE_ID.search(scene_id)
    return int(match[1]) if match else None


def parsed(prose: str) -> tuple[Variation, ...]:
    """Return the lines that say something, each with the lines that it runs over."""
    read: list[tuple[str, list[str]]] = []
    depth = 0
    for line in prose.expandtabs().split("\n"):
        indent, label, text = _line(line)
        if label and (not read or indent <= depth or _SCENES.match(label)):
            read.append((label, [text]))
            depth = indent
        elif not line.strip():
            read.append(("", []))  # a blank line ends a paragraph
        elif read:
            read[-1][1].append(f"{label}: {text}" if label else text)
    said = [(label, " ".join(" ".join(texts).split())) for label, texts in read]
    return tuple(_variation(label, text) for label, text in said if label and text)


def _line(line: str) -> tuple[int, str, str]:
    text = line.strip()
    bullet = _BULLET.match(text)
    text = text[bullet.end() :] if bullet else text
    label = _NAME.match(text)
    is_name = label is not None and label[1][:1].upper() == label[1][:1]
    indent = len(line) - len(line.lstrip())
    return (indent, label[1], text[label.end() :]) if label and is_name else (indent, "", text)


def _variation(label: str, text: str) -> Variation:
    bracket = _BRACKET.search(label)
    before = _BRACKET.sub(" ", label)
    scenes = tuple(_scenes(before))
    return Variation(_spoken(before), text, scenes, bracket[1] if bracket else "")


def _scenes(label: str) -> Iterator[tuple[int, int]]:
    prefix = _SCENES.match(label)
    for part in _AND.split(label[prefix.end() :].strip()) if prefix else ():
        if match := _RANGE.match(part):
            first = int(match[1])
            last = _NO_END if match[2] else int(match[3] or first)
            yield first, last


def _holds(line: Variation, number: int) -> bool:
    return any(first <= number <= last for first, last in line.scenes)


def _spoken(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", clean(text).casefold()).split())


def _has_words(text: str, words: str) -> bool:
    return f" {words} " in f" {text} "


def _ended(text: str) -> str:
    return (
        text if text.endswith((".", "!", "?", "\u2026", '"', "\u201d")) else f"{text.rstrip(',;')}."
    )


def prose_of(value: object) -> str:
    """Return prose as one text with its lines: authors also write lists and mappings."""
    if isinstance(value, dict):
        return "\n".join(f"{clean(key)}: {clean(text)}" for key, text in value.items())
    lines: Sequence[object] = value if isinstance(value, list) else (value,)
    return "\n".join(filter(None, map(clean, lines)))
