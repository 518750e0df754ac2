"""Keys that are nearly one that is read: what an author wrote under them would be lost in silence.

Writers keep keys of their own, so only a slip of the pen counts: a letter or two in a long name,
in a mapping that does not have the right name as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from chargen_batch.story.fields import nearest, unwrapped
from chargen_batch.story.prompt.light import ANCHORS
from chargen_batch.story.prompt.sections import MOOD_FIELDS, ROWS
from chargen_batch.story.targets import DEFAULTS, NEAR, OWN_MAPPINGS, Fault
from chargen_batch.story.unused import TAKEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.raw_target import RawTarget

FileKind = Literal["ideas", "character", "location", "chapter"]

_LONG: Final = 6  # letters: two of so many may be wrong


@dataclass(frozen=True, slots=True)
class Known:
    """What is read of a mapping: its keys, and what is read of the mappings and lists in it.

    ``others`` is what is read of every other mapping in it.
    """

    keys: frozenset[str]
    inside: Mapping[str, Known] = field(default_factory=dict)
    others: Known | None = None


def misspelt_keys(fields: Mapping[str, object], kind: FileKind) -> Iterator[Fault]:
    """Yield a warning for each key of a file that is nearly one which is read where it stands."""
    return _slips(fields, _FILES[kind], ())


def misspelt_moods(targets: Iterable[RawTarget], moods: Iterable[str]) -> Iterator[Fault]:
    """Yield a warning for each mood that is nearly one which the settings know; others are free."""
    known = {unwrapped(name).casefold(): unwrapped(name) for name in moods}
    if not known:
        return
    found = (nearest(target.in_zone, *MOOD_FIELDS) for target in targets)
    for path, value in {each.path: each.value for each in found if each}.items():
        said = unwrapped(value)
        near = None if said.casefold() in known else near_name(said, known)
        if near:
            message = f"{path[-1]}: style.moods has no {said!r}: did you mean {known[near]}?"
            yield Fault(path, message)


def near_slug(slug: str, known: Iterable[str]) -> str | None:
    """Return the known slug that one is a slip or the one beginning of; ``None`` where none is."""
    slugs = frozenset(known)
    longer = [each for each in slugs if slug and each.startswith(f"{slug}-")]
    return longer[0] if len(longer) == 1 else near_name(slug, slugs)


def near_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a name is a slip of; ``None`` where it resembles none."""
    return _near(name, known if isinstance(known, frozenset) else frozenset(known))


@lru_cache(maxsize=4096)  # a story has few keys of its own, and each of them often
def _near(name: str, known: frozenset[str]) -> str | None:
    plain = name.strip().casefold().replace("-", "_").replace(" ", "_")
    spelled = {each.casefold().replace("-", "_").replace(" ", "_"): each for each in known}
    near = get_close_matches(plain, sorted(spelled), 3, NEAR)
    return next((spelled[each] for each in near if _is_slip(plain, each)), None)


def _is_slip(name: str, meant: str) -> bool:
    if sorted(name) == sorted(meant) or name == meant[1:]:
        return True
    if name[:1] != meant[:1]:  # another word more often than a slip: reason, season
        return False
    parts = SequenceMatcher(None, name, meant, autojunk=False).get_opcodes()
    wrong = sum(max(end - at, to - start) for tag, at, end, start, to in parts if tag != "equal")
    return wrong <= 1 + (min(len(name), len(meant)) >= _LONG)


def _slips(fields: Mapping[str, object], known: Known, path: YamlPath) -> Iterator[Fault]:
    for key, value in fields.items():
        if key not in known.keys and isinstance(key, str):
            near = _near(key, known.keys)
            if near and near not in fields:
                yield Fault((*path, key), f"{key}: did you mean {near}?")
        inner = known.inside.get(key) or (known.others if key not in known.keys else None)
        if inner:
            yield from _inside(value, inner, (*path, key))


def _inside(value: object, known: Known, path: YamlPath) -> Iterator[Fault]:
    if isinstance(value, dict):
        yield from _slips(value, known, path)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield from _slips(item, known, (*path, index))


def _known(*keys: str, **inside: Known) -> Known:
    return Known(frozenset({*keys, *inside}), inside)


_HEADS: Final = tuple({name.partition(".")[0] for name in TAKEN})
_OWN: Final = {
    "default_prompt_elements": _known("must_include", "must_avoid", "atmosphere"),
    "palette": _known("dominant", "primary", "secondary", "accent", "avoid"),
}
_SPEC: Final = _known(*_HEADS, **_OWN)
_TARGET: Final = _known(*_HEADS, **_OWN, **dict.fromkeys(OWN_MAPPINGS, _SPEC))
_OVERVIEW: Final = Known(_TARGET.keys, _TARGET.inside, others=_TARGET)
_ZONE: Final = _known(*_TARGET.keys, **{**_TARGET.inside, "images": _TARGET})

_ABOUT: Final = tuple(name for row in ROWS if row.scope == "about" for name in row.fields)
_DEFAULTS: Final = _known(*DEFAULTS)
_TOP: Final = {
    "generation_defaults": _DEFAULTS,
    "metadata": _known(*_ABOUT, "name", "location_name", generation_defaults=_DEFAULTS),
}
_NAMES: Final = (*_ABOUT, *ANCHORS, "name", "slug", "entity_slug", "entity_type", "image_inventory")
_MEMBER: Final = _known("ref", "slug", "name", "reference_images", "scene_variations")
_MOMENT: Final = _known(
    *("id", "title", "location_zone", "visual_weight", "scene_id", "transformation_state"),
    *("time_of_day", "temporal_state", "mood", "scene_mood"),
    *(name for row in ROWS if row.scope == "moment" for name in row.fields),
)
_FILES: Final[dict[FileKind, Known]] = {
    "ideas": _known(
        *(*_NAMES, "visual_consistency"),
        **_TOP,
        scenes=_TARGET,
        character=_known("name", "summary"),
    ),
    "character": _known("appearance", "slug", "entity_slug", "entity_type", "image_inventory"),
    "location": _known(*_NAMES, **_TOP, overview=_OVERVIEW, zones=_ZONE, beat_images=_TARGET),
    "chapter": _known(
        *(*_NAMES, "locations"), **_TOP, characters=_MEMBER, images=_TARGET, moments=_MOMENT
    ),
}
