"""Pictures that other tools made: no key of ours, only names that come near a target's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Final

from chargen_batch.model.target import DEAD_STATUSES, OtherPicture
from chargen_batch.story.slug import slug

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from chargen_batch.story.discover import Entity
    from chargen_batch.story.pictures import Pictures

# A number of two digits, a time in milliseconds, a day.
_TAIL: Final = re.compile(r"-(?:\d{2}|\d{13}|\d{4}-\d{2}-\d{2})$")


@dataclass(frozen=True, slots=True)
class Claim:
    """What another tool left: the names that it gave a picture, and where that may be found.

    ``by`` is what says so, in people's words.
    """

    names: tuple[object, ...]
    paths: tuple[object, ...]
    by: str
    is_live: bool = True


@dataclass(frozen=True, slots=True)
class Names:
    """One entity's targets, by the forms that other tools' names for them may take.

    ``own`` has the targets by their ids as they are, ``stripped`` by what is left of an id when the
    entity's slugs are taken from its front and numbers and days from its end.
    """

    fronts: tuple[str, ...]
    own: Mapping[str, tuple[str, ...]]
    stripped: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, slugs: Iterable[object], target_ids: Iterable[str]) -> Names:
        """Return the names of an entity that goes by ``slugs``."""
        known = {slug(each) for each in slugs if isinstance(each, str)} - {""}
        fronts = sorted((f"{the}{each}-" for each in known for the in ("the-", "")), key=_longest)
        own: dict[str, tuple[str, ...]] = {}
        stripped: dict[str, tuple[str, ...]] = {}
        for target_id in target_ids:
            forms = tuple(_forms(target_id, fronts))
            own[forms[0]] = (*own.get(forms[0], ()), target_id)
            stripped[forms[-1]] = (*stripped.get(forms[-1], ()), target_id)
        return cls(tuple(fronts), own, stripped)

    def meant(self, name: object) -> tuple[str, ...]:
        """Return the targets that a name may mean.

        A name that is one target's own id, stripped or not, is no other's.
        """
        if not isinstance(name, str):
            return ()
        forms = tuple(_forms(name, self.fronts))
        exact = next((form for form in forms if form and form in self.own), None)
        return self.own[exact] if exact else self.stripped.get(forms[-1], ())


def _longest(text: str) -> tuple[int, str]:
    return -len(text), text


def _forms(name: str, fronts: Iterable[str]) -> Iterator[str]:
    """Yield a name as a slug, and whatever is left of it, from the whole to the bare one."""
    form = slug(name)
    while True:
        yield from _without_tails(form)
        front = next((each for each in fronts if form.startswith(each) and form != each), None)
        if front is None:
            return
        form = form.removeprefix(front)


def _without_tails(form: str) -> Iterator[str]:
    while True:
        yield form
        shorter = _TAIL.sub("", form)
        if shorter in ("", form):
            return
        form = shorter


def claims_of_entries(entries: Iterable[Mapping[str, object]]) -> Iterator[Claim]:
    """Yield what inventory entries that are not ours say."""
    for entry in entries:
        generation = entry.get("generation")
        said = generation if isinstance(generation, dict) else {}
        if isinstance(said.get("task_key"), str):
            continue
        path = entry.get("path")
        names = (
            *(said.get("target_id"), said.get("prompt_spec_slug"), entry.get("prompt_spec_slug")),
            *(entry.get("id"), _stem(path)),
        )
        is_live = str(entry.get("status")).casefold() not in DEAD_STATUSES
        yield Claim(names, (path,), "an inventory entry", is_live)


def claims_of_runs(data: Mapping[str, object]) -> Iterator[Claim]:
    """Yield what another tool's ``imagery.runs.yaml`` says."""
    runs = data.get("runs")
    for run in runs if isinstance(runs, list) else ():
        if isinstance(run, dict):
            paths = (run.get("file_path"), run.get("file_name"))
            yield Claim((run.get("target_id"),), paths, "imagery.runs.yaml")


def _stem(path: object) -> str | None:
    return PureWindowsPath(path).stem if isinstance(path, str) else None


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds the files of one entity that other tools name; a file is named in many ways."""

    entity: Entity
    pictures: Pictures

    def pictures_of(
        self, claims: Iterable[Claim], names: Names, wanted: Container[str]
    ) -> Iterator[tuple[str, OtherPicture]]:
        """Yield the target and the picture of each claim whose file is there, if it is wanted."""
        for claim in claims:
            meant = dict.fromkeys(each for name in claim.names for each in names.meant(name))
            targets = [target_id for target_id in meant if target_id in wanted]
            found = self._find(claim.paths, self._folders) if targets else None
            if found is not None:
                picture = OtherPicture(path=found, named_by=claim.by, is_live=claim.is_live)
                yield from ((target_id, picture) for target_id in targets)

    def filled(self, path: object) -> Iterator[OtherPicture]:
        """Yield the picture that a filled ``file_path`` names, the story's root first."""
        found = self._find((path,), tuple(reversed(self._folders)))
        if found is not None:
            yield OtherPicture(path=found, named_by="file_path")

    @property
    def _folders(self) -> tuple[Path, Path]:
        """Return where paths may begin: the entity's folder, then the story's root."""
        return self.entity.folder, self.entity.folder.parent.parent

    def _find(self, paths: Iterable[object], folders: Sequence[Path]) -> str | None:
        places = ((folder, path) for path in paths for folder in folders)
        found = (self.pictures.find(folder, path) for folder, path in places)
        picture = next((each for each in found if each), None)
        return picture.relative_to(self.pictures.project).as_posix() if picture else None


def without_rejected(pictures: Iterable[OtherPicture]) -> tuple[OtherPicture, ...]:
    """Return each file once: rejected where one of those that name it says so."""
    found: dict[str, OtherPicture] = {}
    for picture in pictures:
        known = found.setdefault(picture.path, picture)
        if known.is_live and not picture.is_live:
            found[picture.path] = picture
    return tuple(found.values())
