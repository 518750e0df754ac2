"""What the shell offers when a person presses Tab: runs, entities, targets, models.

It is asked for on the way to a command, and so it is quiet: what cannot be read offers nothing,
nothing is written, and nobody else is asked.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer  # noqa: TC002 - Typer reads annotations when the program runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chargen_batch.config import Project
    from chargen_batch.model.target import Target
    from chargen_batch.run.directory import RunDirectory

# A word that may be typed, and what it is.
Offer = tuple[str, str]
# More than a person looks through; of a longer history the newest.
_MOST_RUNS: Final = 100
# Bash puts a word into the line as it is: one that a shell would read otherwise, such as a folder
# named $(...), is not offered. Zsh evaluates the descriptions: what it would obey is left out.
_PLAIN: Final = re.compile(r"(?!-)[\w@%+=:,./-]+")
_OBEYED: Final = re.compile(r"[^\w @%+=:,./()-]")


def _quiet(
    offers: Callable[[typer.Context, str], Iterable[Offer]],
) -> Callable[[typer.Context, str], list[Offer]]:
    """Let what goes wrong offer nothing, and offer each word once that begins as the typed one."""

    def offered(ctx: typer.Context, incomplete: str) -> list[Offer]:
        try:
            found = dict(reversed([*offers(ctx, incomplete)]))
            return [
                (word, _OBEYED.sub("", about))
                for word, about in reversed(found.items())
                if word.startswith(incomplete) and _PLAIN.fullmatch(word)
            ]
        except Exception:  # noqa: BLE001 - a traceback in the middle of a line that is being typed
            return []

    return offered


@_quiet
def runs(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer the project's runs, newest first, with their phases and times."""
    from chargen_batch.run import runs as history

    known = history.all_runs(_project(ctx).runs_dir)
    fitting = [run for run in reversed(known) if run.run_id.startswith(incomplete)]
    return ((run.run_id, _glance(run)) for run in fitting[:_MOST_RUNS])


def _glance(run: RunDirectory) -> str:
    """Return a run's phase and time; nothing of it is checked, and most of it is not read."""
    import msgspec

    class Glance(msgspec.Struct, rename="camel"):
        phase: str
        created_at: str

    try:
        state = msgspec.json.decode((run.path / "state.json").read_bytes(), type=Glance)
    except (OSError, msgspec.DecodeError):
        return "damaged"
    return f"{state.phase}, of {state.created_at[:16].replace('T', ' ')}"


@_quiet
def slugs(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer the folders of the story's entities, of the scope that was typed."""
    del incomplete
    from chargen_batch.story.discover import discover
    from chargen_batch.story.scan import chosen

    project = _project(ctx)
    story = discover(project.root, project.settings)
    found = chosen(story, ctx.params.get("scope") or "all", ())
    return ((entity.slug, entity.entity_type) for entity in found)


@_quiet
def target_ids(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer the ids of targets, of the scope and the entities that were typed."""
    del incomplete
    return ((target.target_id, _about(target)) for target in _targets(ctx))


@_quiet
def targets(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer targets by the shortest name that is theirs alone, or that is being typed."""
    found = _targets(ctx)
    namesakes = Counter(target.target_id for target in found)
    for target in found:
        in_entity = f"{target.entity_slug}/{target.target_id}"
        names = (target.target_id, in_entity, f"{target.entity_type}/{in_entity}")
        own = names[1:] if namesakes[target.target_id] > 1 else names
        yield next((name for name in own if name.startswith(incomplete)), own[0]), _about(target)


@_quiet
def image_types(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer the types of picture that the story has, with how many targets are of each."""
    del incomplete
    counted = Counter(target.image_type for target in _targets(ctx) if target.image_type)
    return ((name, f"{count} target(s)") for name, count in sorted(counted.items()))


@_quiet
def models(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer the models whose prices are known."""
    del incomplete
    from chargen_batch.config import model_table

    settings = _project(ctx).settings
    usual = {settings.models.generate: "the usual one", settings.models.analyze: "for analyses"}
    return ((name, usual.get(name, "")) for name in model_table(settings))


@_quiet
def image_sizes(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer the sizes that the model has which was typed, or else the usual one."""
    del incomplete
    from chargen_batch.config import model_facts

    settings = _project(ctx).settings
    facts = model_facts(settings, ctx.params.get("model") or settings.models.generate)
    return ((size, "") for size in facts.sizes)


def _about(target: Target) -> str:
    return f"{target.entity_type} {target.entity_slug}: {target.title}"


def _targets(ctx: typer.Context) -> Sequence[Target]:
    """Return the story's targets: what a plan remembered where nothing has changed since."""
    from chargen_batch.config import model_facts
    from chargen_batch.story.cache import StoryCache
    from chargen_batch.story.scan import scan

    project, told = _project(ctx), ctx.params
    settings = project.settings
    model = told.get("model") or settings.models.generate
    return scan(
        project.root,
        settings,
        facts=model_facts(settings, model),
        scope=told.get("scope") or "all",
        only=tuple(told.get("only") or ()),
        cache=StoryCache(project.root),  # which is not saved
        portraits=bool(told.get("portraits")),
    ).targets


def _project(ctx: typer.Context) -> Project:
    """Return the project that the command would take; wrong settings have their defaults."""
    from chargen_batch import config

    given: Any = ctx.params.get("project")
    root = Path(given).expanduser() if given else config.find_project(Path.cwd())
    return config.read(root, os.environ, {})[0]
