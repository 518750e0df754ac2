"""The registry of places: what they are called, and which approved picture shows each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from chargen_batch.story.fields import Layer, first, nearest, unwrapped
from chargen_batch.story.inventory import inventory, node_at
from chargen_batch.story.locations import ZONE_NAMES, overview_paths, zone_layers
from chargen_batch.story.misspelling import near_slug
from chargen_batch.story.prompt.context import Shown
from chargen_batch.story.references import spoken, title_of
from chargen_batch.story.sources import MOST_HELD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from chargen_batch.story.discover import Entity
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.pictures import Pictures
    from chargen_batch.story.raw_target import RawTarget
    from chargen_batch.story.sources import Sources

_Found = TypeVar("_Found")

NAMES: Final = ("metadata.location_name", "metadata.name", "name")
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something happens: a location's slug and, if said, one of its zones."""

    location: str
    zone: str = ""


def place_of(target: RawTarget) -> Place | None:
    """Return a chapter image's place: its own, else its moment's; ``None`` where neither has one.

    ``location_zone`` is ``<location>/<zone>``.
    """
    own, zone = (nearest(target.own, name) for name in ("location", "zone"))
    there = nearest(target.in_story, "location_zone")
    location_there, _, zone_there = unwrapped(there.value).partition("/") if there else ("", "", "")
    location = (unwrapped(own.value) if own else "") or location_there.strip()
    zone_there = zone_there if location == location_there.strip() else ""
    zone_named = (unwrapped(zone.value) if zone else "") or zone_there.strip()
    return Place(location, zone_named) if location else None


def place_path(target: RawTarget) -> YamlPath:
    """Return where a target's place is named: in itself, else in its moment."""
    found = nearest(target.own, "location") or nearest(target.in_story, "location_zone")
    return found.path if found else target.path


@dataclass(slots=True)
class Places:
    """The locations of a story, by their slugs; each is read when first asked for.

    What was found is kept, and no file: there may be thousands of them. ``named_at`` says in which
    file, and where in it, those without a folder are first named.
    """

    locations: Mapping[str, Entity]
    sources: Sources
    pictures: Pictures
    named_at: dict[str, tuple[str, YamlPath]] = field(default_factory=dict)
    _names: dict[Place, str] = field(default_factory=dict)
    _zone_names: dict[Place, str] = field(default_factory=dict)
    _lacks: dict[Place, bool] = field(default_factory=dict)
    _pictures: dict[Place, Shown | None] = field(default_factory=dict)
    _zones: dict[str, dict[str, Layer]] = field(default_factory=dict)
    _missed: Counter[Place] = field(default_factory=Counter)

    def name(self, slug: str) -> str:
        """Return how a location is called."""
        return _once(self._names, Place(slug), self._find_name)

    def _find_name(self, place: Place) -> str:
        slug = place.location
        entity = self.locations.get(slug)
        if entity is None:
            return spoken(slug)
        heading = title_of(self.sources.heading(entity, "overview.md"))
        named = first((Layer((), self._fields(slug)),), *NAMES)
        return heading or (unwrapped(named.value) if named else "") or spoken(slug)

    def name_of(self, place: Place) -> str:
        """Return how a location and its zone are called."""
        return _once(self._zone_names, place, self._find_name_of)

    def _find_name_of(self, place: Place) -> str:
        zone = self._zone(place)
        named = first((zone,), *reversed(ZONE_NAMES)) if zone else None
        part = (unwrapped(named.value) if named else "") or spoken(place.zone)
        return ", ".join(dict.fromkeys(filter(None, (self.name(place.location), part))))

    def overview(self, slug: str, *, besides: YamlPath = ("",)) -> Shown | None:
        """Return a location's newest approved overview picture, but none of ``besides``'s own."""
        paths = [path for path in overview_paths(self._fields(slug)) if path != besides]
        return self._newest(slug, paths, "location", self.name(slug))

    def picture(self, place: Place) -> Shown | None:
        """Return the picture for a chapter's image: its zone's approved one, else the overview.

        Takes note of places that do not exist.
        """
        if _once(self._lacks, place, self._is_missing):
            self._missed[place] += 1
        return _once(self._pictures, place, self._find_picture)

    def _is_missing(self, place: Place) -> bool:
        if place.location not in self.locations:
            return True
        return bool(place.zone) and not self._zone(place) and self._is_known(place)

    def _find_picture(self, place: Place) -> Shown | None:
        zone, found = self._zone(place), None
        if zone:
            images = zone.fields.get("images")
            count = len(images) if isinstance(images, list) else 0
            paths = [zone.path, *((*zone.path, "images", index) for index in range(count))]
            found = self._newest(place.location, paths, "zone", self.name_of(place))
        return found or self.overview(place.location)

    def warnings(self) -> Iterator[str]:
        """Yield one warning for each location without a folder, and each zone that is not there."""
        unknown = Counter[str]()
        for place, times in sorted(self._missed.items(), key=lambda item: _words(item[0])):
            if place.location not in self.locations:
                unknown[place.location] += times
                continue
            where, stands_in = self.locations[place.location].where, "its overview stands in"
            yield f"{where}: no zone {place.zone!r} for {_targets(times)}; {stands_in}"
        for slug, times in unknown.items():
            yield self._stranger(slug, f"is shown by {_targets(times)} and has no folder")

    def _stranger(self, slug: str, message: str) -> str:
        """Say of a location without a folder where it is first named, and which may be meant."""
        near = near_slug(slug, self.locations)
        told = f"location {slug!r} {message}" + (f": did you mean {near}?" if near else "")
        where, path = self.named_at.get(slug, ("", ()))
        return self.sources.placed(where, path, told, exactly=near is not None) if where else told

    def _fields(self, slug: str) -> Mapping[str, object]:
        entity = self.locations.get(slug)
        imagery = self.sources.imagery(entity) if entity else None
        return imagery.fields if imagery else {}

    def _is_known(self, place: Place) -> bool:
        imagery = self.sources.imagery(self.locations[place.location])
        return not (imagery and imagery.broken)

    def _zone(self, place: Place) -> Layer | None:
        if not place.zone:
            return None
        zones = self._zones.get(place.location)
        if zones is None:
            if len(self._zones) >= MOST_HELD:
                self._zones.clear()
            zones = self._zones[place.location] = zone_layers(self._fields(place.location))
        return zones.get(place.zone) or zones.get(f"{place.location}-{place.zone}")

    def _newest(self, slug: str, paths: Iterable[YamlPath], role: str, name: str) -> Shown | None:
        fields, found, newest = self._fields(slug), None, _LONG_AGO
        for entry in (entry for path in paths for entry in inventory(node_at(fields, path))):
            at = _created(entry)
            if entry.get("status") == "approved" and at >= newest:
                picture = self.pictures.find(self.locations[slug].folder, entry.get("path"))
                found, newest = (picture, at) if picture else (found, newest)
        return Shown(self.pictures.reference(found, role), name) if found else None


def _once(known: dict[Place, _Found], place: Place, find: Callable[[Place], _Found]) -> _Found:
    if place not in known:
        known[place] = find(place)
    return known[place]


def _created(entry: Mapping[str, object]) -> datetime:
    """Return when an entry's picture was made; long ago where nothing says so."""
    provenance = entry.get("provenance")
    said = provenance.get("created_at") if isinstance(provenance, dict) else None
    try:
        at = datetime.fromisoformat(unwrapped(said or entry.get("created_at")))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return _LONG_AGO


def _words(place: Place) -> tuple[str, str]:
    return place.location, place.zone


def _targets(times: int) -> str:
    return "1 target" if times == 1 else f"{times} targets"
