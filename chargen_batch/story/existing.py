"""What an entity has already for each of its targets: entries of ours, other tools' pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import first
from chargen_batch.story.foreign import (
    Finder,
    Names,
    claims_of_entries,
    claims_of_runs,
    without_rejected,
)
from chargen_batch.story.inventory import entries_of, inventory, node_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from chargen_batch.model.target import Entry, OtherPicture
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.foreign import Claim
    from chargen_batch.story.pictures import Pictures
    from chargen_batch.story.raw_target import RawTarget

    Fields = Mapping[str, object]

REHEARSAL: Final = "emulator"  # a provider whose pictures never pass for real ones


@dataclass(slots=True)
class Existing:
    """What is there of one entity's targets.

    ``imagery`` is the entity's imagery.yaml, ``runs`` reads its imagery.runs.yaml (``None`` where
    that is broken): only where a target has no entry of ours and no entry of another tool, since
    it is the largest file. ``is_known`` is false where it was needed and broken.
    """

    entity: Entity
    imagery: Fields
    runs: Callable[[], Fields | None]
    pictures: Pictures
    is_known: bool = True
    _ours: dict[tuple[YamlPath, str], tuple[Entry, ...]] = field(default_factory=dict)
    _former: tuple[Entry, ...] = ()
    _others: dict[str, tuple[OtherPicture, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        entity: Entity,
        imagery: Fields,
        runs: Callable[[], Fields | None],
        pictures: Pictures,
        targets: Sequence[RawTarget],
    ) -> Existing:
        """Return what is there of an entity that has these targets."""
        existing = cls(entity, imagery, runs, pictures)
        existing._look(targets)
        return existing

    def entries(self, target: RawTarget) -> tuple[Entry, ...]:
        """Return our entries in the target's node that carry its id."""
        return self._ours.get((target.node, target.target_id), ())

    @property
    def former(self) -> tuple[Entry, ...]:
        """Return our entries that carry an id which no target has any more."""
        return self._former

    def others(self, target: RawTarget) -> tuple[OtherPicture, ...]:
        """Return the pictures that other tools made for a target."""
        filled = self._filled(target)
        return without_rejected((*filled, *self._others.get(target.target_id, ())))

    def _look(self, targets: Sequence[RawTarget]) -> None:
        nodes = tuple(dict.fromkeys(_nodes(targets)))
        for node in nodes:
            found = entries_of(node_at(self.imagery, node), self.entity, self.pictures)
            self._ours.update({(node, target_id): each for target_id, each in found.items()})
        ids = [target.target_id for target in targets]
        known = set(ids)
        self._former = tuple(
            entry for (_, name), each in self._ours.items() if name not in known for entry in each
        )
        if not (wanted := {one.target_id for one in targets if not self._is_drawn(one)}):
            return
        entries = [entry for node in nodes for entry in inventory(node_at(self.imagery, node))]
        self._claimed(self.imagery, claims_of_entries(entries), ids, wanted)
        if wanted := {one.target_id for one in targets if self._lacks_picture(one)}:
            runs = self.runs()
            self.is_known = runs is not None
            self._claimed(runs or {}, claims_of_runs(runs or {}), ids, wanted)

    def _is_drawn(self, target: RawTarget) -> bool:
        """Say whether we drew a target in earnest: what other tools made counts no more then."""
        return any(entry.provider != REHEARSAL for entry in self.entries(target))

    def _lacks_picture(self, target: RawTarget) -> bool:
        return not (self._is_drawn(target) or any(one.is_live for one in self.others(target)))

    def _claimed(
        self, file: Fields, claims: Iterable[Claim], ids: Sequence[str], wanted: set[str]
    ) -> None:
        names = Names.of((self.entity.slug, file.get("slug"), file.get("entity_slug")), ids)
        self._add(Finder(self.entity, self.pictures).pictures_of(claims, names, wanted))

    def _add(self, found: Iterable[tuple[str, OtherPicture]]) -> None:
        for target_id, picture in found:
            self._others[target_id] = (*self._others.get(target_id, ()), picture)

    def _filled(self, target: RawTarget) -> Iterator[OtherPicture]:
        """Yield the picture that a chapter's filled placeholder names, unless we rehearsed it."""
        path, provider = first(target.own, "file_path"), first(target.own, "provider")
        if path and not (provider and provider.value == REHEARSAL):
            yield from Finder(self.entity, self.pictures).filled(path.value)


def _nodes(targets: Iterable[RawTarget]) -> Iterator[YamlPath]:
    """Yield the mappings that may hold entries: the top, the targets', and those around them."""
    yield ()
    yield ("overview",)
    for target in targets:
        yield target.node[:2]
        yield target.node
