"""From a target and its context to the sections of its prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import clean, every, first, nearest, texts, unwrapped
from chargen_batch.story.prompt import light
from chargen_batch.story.prompt.sections import (
    AUTHOR_FIELDS,
    AUTHOR_PROMPT,
    CONSTRAINTS,
    MOOD_FIELDS,
    ROWS,
    STYLE,
    SUBJECT,
    TEXT_FIELDS,
    Section,
)
from chargen_batch.story.prompt.wording import labelled, listed, said_once, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.story.fields import Field, Layer
    from chargen_batch.story.prompt.context import Context, Depicted
    from chargen_batch.story.prompt.sections import Row, Scope
    from chargen_batch.story.raw_target import RawTarget

BUDGET: Final = 4_000
# With the keys that a row's fields begin with: most targets have none of them.
_ROWS: Final = tuple(
    (row, frozenset(name.partition(".")[0] for name in row.fields)) for row in ROWS
)
BUDGETS: Final = {"critical": 6_000, "high": 5_000, "medium": BUDGET, "low": 3_000}


def budget_of(target: RawTarget) -> int:
    """Return how long a target's prompt may be, by the weight of what it shows."""
    weight = nearest(target.in_story, "visual_weight")
    return BUDGETS.get(unwrapped(weight.value).casefold(), BUDGET) if weight else BUDGET


def sections(target: RawTarget, context: Context) -> tuple[Section, ...]:
    """Return all sections of a target's prompt, by priority, then in the order of the table."""
    author = tuple(_author(target)) if _takes_author(target, context) else ()
    if author and context.mode == "author":
        return author
    made = (
        *_place(target, context),
        *_identity(context),
        *light.sections(target),
        *_project_style(target, context),
        *_from_rows(target, author),
        *_cast(target, context),
    )
    return tuple(said_once(sorted(made, key=lambda section: section.priority)))


def _takes_author(target: RawTarget, context: Context) -> bool:
    """Say whether an author's prompt counts: not where it is to be compiled and can be."""
    return context.mode != "compiled" or not any(
        texts(found.value)
        for name in TEXT_FIELDS
        if name not in AUTHOR_FIELDS
        for found in every(target.own, name)
    )


def _author(target: RawTarget) -> Iterator[Section]:
    found = first(target.own, *AUTHOR_PROMPT.fields)
    if found and (text := _as_written(found)):
        yield Section(SUBJECT, AUTHOR_PROMPT.name, text, found.path, kept=True)


def _as_written(found: Field) -> str:
    return clean(found.value) or "\n".join(texts(found.value))


def _from_rows(target: RawTarget, author: tuple[Section, ...]) -> Iterator[Section]:
    said: dict[str, set[str]] = {}
    scopes = _scopes(target)
    keys = {scope: set[str]().union(*(layer.fields for layer in scopes[scope])) for scope in scopes}
    for row, heads in _ROWS:
        if row is AUTHOR_PROMPT:
            yield from author
        elif not (heads.isdisjoint(keys[row.scope]) or (row.unless_author and author)):
            look = first if row.scope == "own" else nearest
            if found := look(scopes[row.scope], *row.fields):
                yield from _from_row(row, found, said.setdefault(row.label or row.name, set()))


def _from_row(row: Row, found: Field, said: set[str]) -> Iterator[Section]:
    """Yield a row's section; what one with the same label has ``said`` already is left out."""
    items = [text for text in texts(found.value) if text.casefold() not in said]
    said.update(text.casefold() for text in items)
    if items:
        kept, text = row.priority == CONSTRAINTS, labelled(row.label, listed(items))
        yield Section(row.priority, row.name, text, found.path, kept=kept, label=row.label)


def _scopes(target: RawTarget) -> dict[Scope, tuple[Layer, ...]]:
    """Return the layers in which the rows of each scope look, put together once a target."""
    return {
        "own": target.own,
        "zone": target.in_zone,
        "inherited": target.layers,
        "moment": target.in_story,
        "about": target.own + target.about,
    }


def _place(target: RawTarget, context: Context) -> Iterator[Section]:
    if context.place:
        zone = [layer for layer in target.layers if layer.path[:1] == ("zones",)]
        named = first(zone, "zone_name", "name")
        part = unwrapped(named.value) if named else ""
        text = ", ".join(dict.fromkeys(filter(None, (context.place, part))))
        path = named.path if named else None
        yield Section(CONSTRAINTS, "place", labelled("Place", text), path, kept=True, label="Place")


def _identity(context: Context) -> Iterator[Section]:
    identity = context.identity
    if identity and identity.name:
        yield Section(SUBJECT, "character", sentence(f"The character is {identity.name}"))
    if identity and not context.has_portrait:
        if identity.summary:
            text = sentence(identity.summary)
            yield Section(SUBJECT, "summary", text, ("character", "summary"))
        if identity.looks:
            text = labelled("Looks", listed(identity.looks))
            yield Section(SUBJECT, "looks", text, ("visual_consistency",), label="Looks")
        elif identity.appearance:
            yield Section(SUBJECT, "appearance", labelled("Looks", identity.appearance))


def _cast(target: RawTarget, context: Context) -> Iterator[Section]:
    states = first(target.own, "character_states")
    if states and not isinstance(states.value, dict) and (said := listed(texts(states.value))):
        yield Section(SUBJECT, "character states", labelled("Characters", said), states.path)
    if not context.depicted:
        return
    label = "Also in the picture" if context.identity else "In the picture"
    found = first(target.own, "character_states", "depicts_characters", "characters_present")
    path = found.path if found else None
    if any(one.state or one.looks for one in context.depicted):
        text = "\n".join((f"{label}:", *map(_who, context.depicted)))
    else:
        text = labelled(label, "; ".join(one.name for one in context.depicted))
    yield Section(SUBJECT, "characters", text, path)


def _who(one: Depicted) -> str:
    said = " ".join(sentence(text) for text in (one.state, one.looks) if text)
    return labelled(one.name, said) if said else sentence(one.name)


def _project_style(target: RawTarget, context: Context) -> Iterator[Section]:
    style, mood = context.style, nearest(target.in_zone, *MOOD_FIELDS)
    moods = {unwrapped(name).casefold(): text for name, text in style.moods.items()}
    wanted = {
        "style": style.base,
        "style of the scenario": style.scenarios.get(target.scenario, ""),
        "style of the mood": moods.get(unwrapped(mood.value).casefold(), "") if mood else "",
    }
    for name, text in wanted.items():
        if unwrapped(text):
            yield Section(STYLE, name, labelled("Style", unwrapped(text)), label="Style")
