"""From a target and its context to the sections of its prompt, and what it must not show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import clean, every, first, texts, unwrapped
from chargen_batch.story.prompt.sections import (
    AUTHOR_PROMPT,
    AVOID_ROWS,
    CONSTRAINTS,
    ROWS,
    STYLE,
    SUBJECT,
    Section,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.story.fields import Field
    from chargen_batch.story.prompt.context import Context
    from chargen_batch.story.prompt.sections import AvoidRow, Row
    from chargen_batch.story.raw_target import RawTarget

_ITEM: Final = re.compile(r"(?:[^,;()]|\([^()]*\)|[()])+")
_SENTENCE_END: Final = re.compile(r"[.!?\u2026:][\"'\u201d\u2019\u00bb)\]]*$")


def sections(target: RawTarget, context: Context) -> tuple[Section, ...]:
    """Return all sections of a target's prompt, by priority, then in the order of the table."""
    made = (
        *_place(target, context),
        *_identity(context),
        *_from_rows(target),
        *_cast(target, context),
        *_project_style(target, context),
    )
    return tuple(sorted(made, key=lambda section: section.priority))


def negatives(target: RawTarget, context: Context) -> tuple[str, ...]:
    """Return what the picture must not show, each once: the target's first, the project's last."""
    found = [text for row in AVOID_ROWS for text in _avoided(row, target)]
    found += context.style.negative
    items = [unwrapped(item).rstrip(".") for text in found for item in _ITEM.findall(text)]
    first_spelled: dict[str, str] = {}
    for item in items:
        first_spelled.setdefault(item.casefold(), item)
    return tuple(filter(None, first_spelled.values()))


def _avoided(row: AvoidRow, target: RawTarget) -> Iterator[str]:
    for found in every(target.layers if row.inherited else target.own, row.field):
        yield from texts(found.value)


def _from_rows(target: RawTarget) -> Iterator[Section]:
    author = tuple(_author(target))
    for row in ROWS:
        if row is AUTHOR_PROMPT:
            yield from author
        elif not (row.unless_author and author):
            yield from _from_row(row, target)


def _author(target: RawTarget) -> Iterator[Section]:
    found = first(target.own, *AUTHOR_PROMPT.fields)
    if found and (text := _as_written(found)):
        yield Section(SUBJECT, AUTHOR_PROMPT.name, text, found.path, kept=True)


def _as_written(found: Field) -> str:
    return clean(found.value) or "\n".join(texts(found.value))


def _from_row(row: Row, target: RawTarget) -> Iterator[Section]:
    layers = target.layers if row.inherited else target.own
    found = first(layers, *row.fields)
    text = "; ".join(texts(found.value)) if found else ""
    if found and text:
        kept = row.priority == CONSTRAINTS
        yield Section(row.priority, row.name, labelled(row.label, text), found.path, kept=kept)


def _place(target: RawTarget, context: Context) -> Iterator[Section]:
    if context.place:
        zone = [layer for layer in target.layers if layer.path[:1] == ("zones",)]
        named = first(zone, "zone_name", "name")
        part = unwrapped(named.value) if named else ""
        text = ", ".join(dict.fromkeys(filter(None, (context.place, part))))
        path = named.path if named else None
        yield Section(CONSTRAINTS, "place", labelled("Place", text), path, kept=True)


def _identity(context: Context) -> Iterator[Section]:
    identity = context.identity
    if identity and identity.name:
        yield Section(SUBJECT, "character", sentence(f"The character is {identity.name}"))
    if identity and not context.has_portrait:
        if identity.summary:
            yield Section(SUBJECT, "summary", sentence(identity.summary))
        if identity.looks:
            yield Section(SUBJECT, "looks", labelled("Looks", "; ".join(identity.looks)))


def _cast(target: RawTarget, context: Context) -> Iterator[Section]:
    if context.depicted:
        found = first(target.own, "character_states", "depicts_characters", "characters_present")
        who = [f"{one.name} ({one.state})" if one.state else one.name for one in context.depicted]
        text = labelled(
            "Also in the picture" if context.identity else "In the picture", "; ".join(who)
        )
        yield Section(SUBJECT, "characters", text, found.path if found else None)


def _project_style(target: RawTarget, context: Context) -> Iterator[Section]:
    style, mood = context.style, first(target.own, "scene_mood", "mood")
    moods = {unwrapped(name).casefold(): text for name, text in style.moods.items()}
    wanted = {
        "style": style.base,
        f"style of a {target.scenario}": style.scenarios.get(target.scenario, ""),
        "style of the mood": moods.get(unwrapped(mood.value).casefold(), "") if mood else "",
    }
    for name, text in wanted.items():
        if unwrapped(text):
            yield Section(STYLE, name, labelled("Style", unwrapped(text)))


def labelled(label: str, text: str) -> str:
    """Return ``Label: text.``, ending as a sentence does."""
    return sentence(f"{label}: {text}" if label else text)


def sentence(text: str) -> str:
    """Return a text with a full stop, unless it ends as a sentence does already."""
    return text if _SENTENCE_END.search(text) else f"{text.rstrip(',;')}."
