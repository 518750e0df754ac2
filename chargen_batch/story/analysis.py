"""What a story has to be analysed: pictures that nobody described, characters nobody has painted.

In words: pictures without a whole inventory entry, and profiles without an appearance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chargen_batch.model.analysis import APPEARANCE_ID
from chargen_batch.model.target import Scenario, Target
from chargen_batch.packed import gathered
from chargen_batch.story import sidecar
from chargen_batch.story.analysis_prompt import appearance_prompt, image_prompt
from chargen_batch.story.cache import StoryCache
from chargen_batch.story.discover import discover
from chargen_batch.story.existing import REHEARSAL
from chargen_batch.story.fields import texts
from chargen_batch.story.inventory import inventory
from chargen_batch.story.looks import Looks
from chargen_batch.story.pictures import Pictures
from chargen_batch.story.references import Registry
from chargen_batch.story.scan import StoryScan, chosen, targets_of, unmatched
from chargen_batch.story.sidecar import is_rehearsal
from chargen_batch.story.slug import authored_id
from chargen_batch.story.sources import IMAGERY_NAME, Sources
from chargen_batch.story.unchanged import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chargen_batch.model.plan import Scope
    from chargen_batch.model.settings import Settings
    from chargen_batch.model.task import EntityType, ImageRef
    from chargen_batch.story.discover import Entity
    from chargen_batch.story.scan import Seen

PROFILE_NAME: Final = "profile.md"
IMAGE_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")
_COMPLETE: Final = ("title", "description", "tags")
_SCENARIOS: Final[dict[EntityType, Scenario]] = {
    "character": "character",
    "location": "location",
    "chapter": "scene",
}
_MOST_NAMED: Final = 3


def scan_analysis(
    project: Path,
    settings: Settings,
    *,
    scope: Scope = "all",
    only: Sequence[str] = (),
    cache: StoryCache | None = None,
    seen: Seen = lambda _slug, _number, _of: None,
) -> StoryScan:
    """Find what is to be analysed: what has an answer already is not in it.

    A target's ``references`` are the pictures that its request shows.

    Args:
        project: The project's folder.
        settings: Its settings: the story's root, what is excluded.
        scope: Which kinds of entity are looked at.
        only: Globs on slugs; none means all.
        cache: What earlier scans read; what this one reads is added. To save it is the caller's.
        seen: Told of each entity that was looked at.

    Raises:
        PlanningError: There is no story, or it lies outside of the project.

    """
    story = discover(project, settings)
    cache = cache or StoryCache()
    sources, pictures = Sources(story.project, cache), Pictures(story.project, cache)
    characters = {entity.slug: entity for entity in story.entities["character"]}
    registry = Registry(characters, sources, pictures)
    rehearsal = settings.batch.backend == REHEARSAL
    search = _Search(sources, pictures, registry, Looks(sources, registry), rehearsal)
    entities = tuple(chosen(story, scope, only))
    found = targets_of(search.targets, entities, seen)
    targets = gathered(found, TARGETS, cache.folder)
    warnings = (*unmatched(entities, only), *sources.warnings, *search.warnings)
    problems = tuple(sorted({*story.problems, *sources.problems}))
    return StoryScan(targets, problems, tuple(dict.fromkeys(warnings)))


@dataclass(slots=True)
class _Search:
    """Goes through entities, reading what it needs on the way."""

    sources: Sources
    pictures: Pictures
    registry: Registry
    looks: Looks
    rehearsal: bool  # whether the emulator's words count
    warnings: list[str] = field(default_factory=list)

    def targets(self, entity: Entity) -> Iterator[Target]:
        """Yield an entity's targets, the appearance first, then pictures by their names.

        None where its imagery.yaml is broken: what is described already is not known then.
        """
        imagery = self.sources.imagery(entity)
        if imagery and imagery.broken:
            return
        fields = imagery.fields if imagery else {}
        if entity.entity_type == "character" and not texts(fields.get("appearance")):
            yield from self._appearance(entity)
        yield from self._images(entity, fields)

    def _appearance(self, entity: Entity) -> Iterator[Target]:
        profile = self.sources.prose(entity, PROFILE_NAME)
        if not profile:
            return
        name = self.registry.name(entity.slug)
        portrait = self.registry.portrait(entity.slug)
        yield _target(
            entity,
            APPEARANCE_ID,
            title=name,
            description=f"write how {name} looks, by profile and portrait",
            prompt=appearance_prompt(name, profile, has_portrait=portrait is not None),
            images=(portrait,) if portrait else (),
            output=(entity.where, IMAGERY_NAME),
            source=f"{entity.where}/{PROFILE_NAME}",
        )

    def _images(self, entity: Entity, fields: Mapping[str, object]) -> Iterator[Target]:
        found = dict(self._picture_files(entity))
        if not found:
            return
        described = {
            self.pictures.find(entity.folder, entry.get("path"))
            for entry in entries(fields)
            if is_complete(entry) and (self.rehearsal or not is_rehearsal(entry))
        }
        left = {
            name: path
            for name, path in found.items()
            if path not in described and not self._has_sidecar(entity.folder / "images", path)
        }
        if not left:
            return
        subject = self.looks.subject(entity)
        prompt = image_prompt(subject)
        for name, path in left.items():
            yield _target(
                entity,
                name,
                title=name,
                description=f"describe a picture of {subject.name}",
                prompt=prompt,
                images=(self.pictures.reference(path, "image"),),
                output=(f"{entity.where}/images", f"{name}.analysis.json"),
                source=f"{entity.where}/images/{name}",
            )

    def _has_sidecar(self, images: Path, picture: Path) -> bool:
        """Say whether an answer about this very picture lies beside it; also without its run."""
        found = sidecar.read(images / f"{picture.name}{sidecar.SUFFIX}")
        return (
            found is not None
            and (self.rehearsal or found.provider != REHEARSAL)
            and found.image_sha256 == self.pictures.reference(picture, "image").sha256
        )

    def _picture_files(self, entity: Entity) -> Iterator[tuple[str, Path]]:
        """Go through the pictures in an entity's images/ by name, but for its portrait."""
        portrait = None
        if entity.entity_type == "character":
            portrait = self.registry.portrait(entity.slug)
        bad = []
        for name in _image_names(entity.folder / "images"):
            path = self.pictures.find(entity.folder, f"images/{name}")
            target_id = authored_id(name)
            if path is None or target_id is None:
                bad.append(name)
            elif portrait is None or path != self.sources.project / portrait.path:
                yield target_id, path
        if bad:
            named = ", ".join(repr(name)[1:-1] for name in bad[:_MOST_NAMED])
            more = f" and {len(bad) - _MOST_NAMED} more" if len(bad) > _MOST_NAMED else ""
            self.warnings.append(
                f"{entity.where}/images: no pictures by their bytes: {named}{more}"
            )


def _image_names(folder: Path) -> list[str]:
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:  # there is no such folder, or it cannot be listed: it has no pictures for us
        return []
    kept = (name for name in names if not name.startswith("."))
    return sorted(name for name in kept if name.lower().endswith(IMAGE_SUFFIXES))


def entries(node: object) -> Iterator[Mapping[str, object]]:
    """Yield every inventory entry in an imagery.yaml, in whichever node it stands."""
    if isinstance(node, Mapping):
        yield from inventory(node)
        for key, inner in node.items():
            if key != "image_inventory":
                yield from entries(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from entries(inner)


def is_complete(entry: Mapping[str, object]) -> bool:
    """Say whether an entry has what an analysis would give: title, description and tags."""
    content = entry.get("content")
    said = {**entry, **content} if isinstance(content, Mapping) else entry
    return all(any(texts(said.get(name))) for name in _COMPLETE)


def _target(
    entity: Entity,
    target_id: str,
    *,
    title: str,
    description: str,
    prompt: str,
    images: tuple[ImageRef, ...],
    output: tuple[str, str],
    source: str,
) -> Target:
    return Target(
        entity_type=entity.entity_type,
        entity_slug=entity.slug,
        target_id=target_id,
        scenario=_SCENARIOS[entity.entity_type],
        title=title,
        description=description,
        tags=(),
        prompt=prompt,
        negative_prompt="",
        references=images,
        aspect_ratio=None,
        image_size=None,
        file=source,
        yaml_path=(),
        output_dir=output[0],
        output_stem=output[1],
    )
