"""What apply enters into a story's files for answered analyses; a person's words always stay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.model.analysis import APPEARANCE_ID, AppearanceAnalysis, ImageAnalysis
from chargen_batch.story.existing import REHEARSAL
from chargen_batch.story.fields import texts
from chargen_batch.story.inventory import inventory
from chargen_batch.story.sidecar import is_rehearsal
from chargen_batch.story.splice import Append, Complete, Fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.sidecar import Sidecar
    from chargen_batch.story.splice import Edit

    Placed = tuple[YamlPath, Mapping[str, object]]  # an entry, and where it stands

INVENTORY: Final = "image_inventory"
CONTENT: Final = ("title", "description", "alt_text", "tags")


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a picture that was analysed: the new sidecar, and the one that was there."""

    sidecar: Sidecar
    before: Sidecar | None = None


def appearance(imagery: object, answer: AppearanceAnalysis, provider: str) -> tuple[Edit, ...]:
    """Return the edit that gives a character its appearance, unless it has one.

    A rehearsal's is not entered: nothing in a line of text could tell it from the real thing.
    """
    has_one = isinstance(imagery, dict) and texts(imagery.get(APPEARANCE_ID))
    if has_one or provider == REHEARSAL:
        return ()
    return (Complete((), {APPEARANCE_ID: answer.appearance}),)


def image(there: Placed | None, described: Described) -> tuple[Edit, ...]:
    """Return the edits that describe a picture: its entry is completed, or a new one is made.

    Args:
        there: The picture's entry; ``None`` where it has none.
        described: What is known of the picture.

    """
    if there is None:
        return (Append((), INVENTORY, (new_entry(described.sidecar),)),)
    return tuple(_completed(*there, described))


def by_picture(imagery: object, find: Callable[[object], Path | None]) -> dict[Path | None, Placed]:
    """Return each picture's first entry, looking up with ``find`` what an entry's path means.

    All of a file's at once: to look through them for each picture would take its square.
    """
    found: dict[Path | None, Placed] = {}
    for path, entry in entries(imagery):
        found.setdefault(find(entry.get("path")), (path, entry))
    found.pop(None, None)
    return found


def entries(node: object, path: YamlPath = ()) -> Iterator[tuple[YamlPath, Mapping[str, object]]]:
    """Yield every inventory entry in an imagery.yaml, with its path."""
    if isinstance(node, dict):
        if inventory(node):
            listed = enumerate(node[INVENTORY])
            found = ((n, each) for n, each in listed if isinstance(each, dict))
            yield from (((*path, INVENTORY, n), each) for n, each in found)
        for key, inner in node.items():
            if key != INVENTORY and isinstance(key, str):
                yield from entries(inner, (*path, key))
    elif isinstance(node, list):
        for number, inner in enumerate(node):
            yield from entries(inner, (*path, number))


def _completed(path: YamlPath, entry: Mapping[str, object], described: Described) -> Iterator[Edit]:
    there, words = entry.get("content"), content(described.sidecar.analysis)
    inner = there if isinstance(there, dict) and there else {}
    said = {**entry, **inner}
    missing = {name: words[name] for name in CONTENT if not any(texts(said.get(name)))}
    at_top = {name: value for name, value in missing.items() if name in entry and name not in inner}
    if there and not inner:  # no mapping: there is no other place than beside it
        at_top = missing
    rest = {name: value for name, value in missing.items() if name not in at_top}
    if at_top:
        yield Complete(path, at_top)
    if rest:
        yield Complete((*path, "content"), rest) if inner else Complete(path, {"content": rest})
    yield from _rehearsed(path, entry, inner, described)
    yield Complete(path, {"analysis": analysis(described.sidecar)})


def _rehearsed(
    path: YamlPath,
    entry: Mapping[str, object],
    inner: Mapping[str, object],
    described: Described,
) -> Iterator[Edit]:
    """Yield what takes the place of a rehearsal's words, where they still are what it wrote."""
    before, now = described.before, described.sidecar
    if not is_rehearsal(entry) or now.provider == REHEARSAL or before is None:
        return
    if entry.get("analysis") == analysis(before):
        yield Fill(path, {"analysis": analysis(now)}, frozenset({"analysis"}))
    was, words = content(before.analysis), content(now.analysis)
    ours = frozenset(name for name in CONTENT if inner.get(name) == was[name])
    if ours:
        yield Fill((*path, "content"), {name: words[name] for name in words if name in ours}, ours)


def new_entry(sidecar: Sidecar) -> dict[str, object]:
    """Return the entry of a picture that has none."""
    return {
        "id": PurePosixPath(sidecar.image).stem,
        "path": f"images/{sidecar.image}",
        "type": "imported",
        "status": "draft",
        "content": content(sidecar.analysis),
        "analysis": analysis(sidecar),
    }


def content(answer: ImageAnalysis) -> dict[str, object]:
    """Return an answer's words as an entry's ``content`` has them."""
    return {
        "title": answer.title,
        "description": answer.description,
        "alt_text": answer.alt_text,
        "tags": list(answer.tags),
    }


def analysis(sidecar: Sidecar) -> dict[str, object]:
    """Return what an entry says beyond its content: where it is from, and what else was seen."""
    seen = {name: _plain(value) for name, value in msgspec.structs.asdict(sidecar.analysis).items()}
    return {
        "task_key": sidecar.task_key,
        "run_id": sidecar.run_id,
        "provider": sidecar.provider,
        "model": sidecar.model,
        "analyzed_at": sidecar.analyzed_at,
        **{name: value for name, value in seen.items() if name not in CONTENT},
    }


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return {name: _plain(each) for name, each in msgspec.structs.asdict(value).items()}
    return list(value) if isinstance(value, tuple) else value
