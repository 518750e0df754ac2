"""How the parts of a prompt are worded: labels, full stops, and nothing said twice."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chargen_batch.story.prompt.sections import Section

_SENTENCE_END: Final = re.compile(r"[.!?\u2026:][\"'\u201d\u2019\u00bb)\]]*$")
_SENTENCE: Final = re.compile(
    r".+?(?:[.!?\u2026][\"'\u201d\u2019\u00bb)\]]*(?=\s)|$)\s*", re.DOTALL
)
_BEFORE_LINE_END: Final = re.compile(r"[ \n]*\n")
_WORD: Final = re.compile(r"\w+")
_FEWEST_WORDS: Final = 4  # what is shorter may stand in another text by chance


def labelled(label: str, text: str) -> str:
    """Return ``Label: text.``, ending as a sentence does."""
    return sentence(f"{label}: {text}" if label else text)


def sentence(text: str) -> str:
    """Return a text with a full stop, unless it ends as a sentence does already."""
    return text if _SENTENCE_END.search(text) else f"{text.rstrip(',;')}."


def listed(items: Iterable[str]) -> str:
    """Return texts as one line, with semicolons between them."""
    several = tuple(items)
    if len(several) < 2:  # noqa: PLR2004 - a single text keeps its own full stop
        return "".join(several)
    return "; ".join(item.rstrip(".;,") for item in several)


def said_once(sections: Iterable[Section]) -> Iterator[Section]:
    """Leave out what a section in front says already: sections, and sentences of others.

    What is ``kept`` stays as it is.
    """
    said = "\n"  # the words of each section in a line of their own
    for section in sections:
        words = _words(section.text)
        text = section.text if section.kept else _news(section, words, said)
        if text:
            said = f"{said}{words}\n"
            yield section if text == section.text else replace(section, text=text)


def _news(section: Section, words: str, said: str) -> str:
    if f"\n{words}\n" in said:
        return ""
    if words.count(" ") <= _FEWEST_WORDS:  # too short, and so is each sentence of it
        return section.text
    head = f"{section.label}: " if section.label else ""
    body = section.text.removeprefix(head)
    pieces = _SENTENCE.findall(body)
    if len(pieces) == 1 and body is section.text:
        is_new = [not _is_said(words, said)]
    else:
        is_new = [not _is_said(_words(piece), said) for piece in pieces]
    if all(is_new):
        return section.text
    new = (
        piece if new else "\n" * piece.endswith("\n")
        for piece, new in zip(pieces, is_new, strict=True)
    )
    text = _BEFORE_LINE_END.sub("\n", "".join(new)).strip()
    return f"{head}{text}" if text else ""


def _is_said(words: str, said: str) -> bool:
    return words.count(" ") > _FEWEST_WORDS and words in said


def _words(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.casefold()))} "
