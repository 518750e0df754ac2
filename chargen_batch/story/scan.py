"""The whole story at once: every target, with its prompt, references, frame and entries."""

from __future__ import annotations

import fnmatch
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.errors import Problem
from chargen_batch.model.target import Target
from chargen_batch.packed import gathered
from chargen_batch.story import collector, unchanged
from chargen_batch.story.cache import StoryCache
from chargen_batch.story.discover import FOLDERS, discover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from chargen_batch.model.plan import Scope
    from chargen_batch.model.settings import ModelFacts, Settings
    from chargen_batch.story.assemble import Assembly
    from chargen_batch.story.discover import Entity, Story
    from chargen_batch.story.prompt.context import PromptMode

    # Told of each entity that was looked at: its slug, its number, and of how many.
    Seen = Callable[[str, int, int], None]


class StoryScan(msgspec.Struct, frozen=True):
    """What a story asks for, what is wrong in its files, and what was guessed or is missing."""

    targets: Sequence[Target]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def scan(  # noqa: PLR0913 - each of them decides on what is found, or is told of it
    project: Path,
    settings: Settings,
    *,
    facts: ModelFacts,
    scope: Scope = "all",
    only: Sequence[str] = (),
    cache: StoryCache | None = None,
    prompt_mode: PromptMode = "auto",
    portraits: bool = False,
    seen: Seen = lambda _slug, _number, _of: None,
) -> StoryScan:
    """Read a story and compile every target of it.

    Args:
        project: The project's folder.
        settings: Its settings: the story's root, what is excluded, the style.
        facts: What the model offers.
        scope: Which kinds of entity are looked at.
        only: Globs on slugs; none means all.
        cache: What earlier scans read; what this one reads is added. To save it is the caller's.
        prompt_mode: Whether authors' prompts go first, or alone, or are not used.
        portraits: Whether characters without a reference portrait ask for one.
        seen: Told of each entity that was looked at; of none where nothing has changed.

    Raises:
        PlanningError: There is no story, or it lies outside of the project.

    """
    story = discover(project, settings)
    cache = cache or StoryCache()
    # All that decides on what is found, but for the files: another parameter belongs here too.
    parameters = (settings, facts, scope, tuple(only), prompt_mode, portraits)
    asked = unchanged.question(story.root, parameters, cache)
    recalled = unchanged.recall(cache, asked)
    if recalled is not None:
        return StoryScan(*recalled)
    # What compiles prompts is not loaded where nothing has to be compiled: a tenth of a start.
    from chargen_batch.story.assemble import Assembly  # noqa: PLC0415 - see above

    assembly = Assembly.of(story, settings, facts, cache, prompt_mode=prompt_mode)
    assembly.portraits = portraits
    with collector.paused():
        found = _compiled(story, assembly, tuple(chosen(story, scope, only)), only, seen)
    all_of_it = found.targets, found.problems, found.warnings
    unchanged.remember(cache, asked, all_of_it, assembly.pictures.looked_for)
    return found


def _compiled(
    story: Story,
    assembly: Assembly,
    entities: Sequence[Entity],
    only: Sequence[str],
    seen: Seen,
) -> StoryScan:
    collisions: list[Problem] = []
    coming = _without_collisions(targets_of(assembly.targets, entities, seen), collisions)
    targets = gathered(coming, unchanged.TARGETS, assembly.sources.cache.folder)
    problems = {*story.problems, *assembly.sources.problems, *collisions}
    warnings = (*unmatched(entities, only), *assembly.warnings())
    return StoryScan(targets, tuple(sorted(problems)), tuple(dict.fromkeys(warnings)))


def targets_of(
    find: Callable[[Entity], Iterable[Target]], entities: Sequence[Entity], seen: Seen
) -> Iterator[Target]:
    """Go through the targets of entities, and tell of each entity that was looked at."""
    for number, entity in enumerate(entities, 1):
        yield from find(entity)
        seen(entity.slug, number, len(entities))


def chosen(story: Story, scope: Scope, only: Sequence[str]) -> Iterator[Entity]:
    """Go through the entities of a scope whose slugs one of the globs fits; no glob fits all."""
    for entity_type, folder in FOLDERS.items():
        if scope in ("all", folder):
            for entity in story.entities[entity_type]:
                if not only or any(fnmatch.fnmatchcase(entity.slug, glob) for glob in only):
                    yield entity


def unmatched(entities: Sequence[Entity], only: Sequence[str]) -> Iterator[str]:
    """Yield a warning for each glob that fits none of these entities."""
    for glob in only:
        if not fnmatch.filter([entity.slug for entity in entities], glob):
            yield f"--only {glob}: no entity has such a slug"


def _without_collisions(targets: Iterable[Target], problems: list[Problem]) -> Iterator[Target]:
    """Leave out targets whose files would be another's on a file system that ignores case."""
    first: dict[str, tuple[str, str, str]] = {}
    for target in targets:
        output = f"{target.output_dir}/{target.output_stem}"
        name = target.entity_type, target.entity_slug, target.target_id
        taken = first.setdefault(unicodedata.normalize("NFC", output).casefold(), name)
        if taken is name:
            yield target
            continue
        entity_type, slug, target_id = taken
        other = f"{entity_type} {slug!r}, target {target_id!r}"
        message = f"target {target.target_id!r} would be written to {output}, as {other}"
        problems.append(Problem(target.file, 0, 0, message))
