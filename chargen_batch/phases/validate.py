"""validate: all that is wrong in the story's files and in the configuration, at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch import config, yaml12
from chargen_batch.config.places import position
from chargen_batch.errors import ExitCode, PlanningError, Problem, dotted
from chargen_batch.story.analysis import scan_analysis
from chargen_batch.story.cache import StoryCache
from chargen_batch.story.scan import StoryScan, scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.plan import Scope
    from chargen_batch.model.target import Target
    from chargen_batch.model.task import PathStep

    YamlPath = tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class ValidateReport:
    """What is wrong, what was guessed or is missing, and how many targets are whole.

    ``unread`` are the texts in targets that no prompt is made of.
    """

    root: Path
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    unread: tuple[Problem, ...]
    targets: int

    @property
    def exit_code(self) -> ExitCode:
        """Return what the command ends with."""
        return ExitCode.PROBLEMS if self.problems else ExitCode.DONE


def run(
    root: Path, environ: Mapping[str, str], *, scope: Scope = "all", only: tuple[str, ...] = ()
) -> ValidateReport:
    """Check the configuration and the story, each as far as it can be read.

    Args:
        root: The project's folder.
        environ: The environment.
        scope: Which kinds of entity are looked at.
        only: Globs on slugs; none means all.

    Raises:
        ConfigError: There is no such folder.

    """
    project, problems = config.read(root, environ, {})
    found = _scan(project, scope, only)
    return ValidateReport(
        root=project.root,
        problems=(*problems, *config.not_offered(project), *found.problems),
        warnings=found.warnings,
        unread=tuple(_unread(project.root, found.targets)),
        targets=len(found.targets),
    )


def _scan(project: Project, scope: Scope, only: tuple[str, ...]) -> StoryScan:
    """Look for what is to be drawn and for what is to be analysed; each file is read once."""
    settings, cache = project.settings, StoryCache()
    facts = config.model_facts(settings, settings.models.generate)
    try:
        drawn = scan(project.root, settings, facts=facts, scope=scope, only=only, cache=cache)
        seen = scan_analysis(project.root, settings, scope=scope, only=only, cache=cache)
    except PlanningError as err:
        return StoryScan((), (Problem(settings.story, 0, 0, f"{err.message}: {err.hint}"),), ())
    problems = sorted({*drawn.problems, *seen.problems})
    warnings = dict.fromkeys((*drawn.warnings, *seen.warnings))
    return StoryScan(drawn.targets, tuple(problems), tuple(warnings))


def _unread(root: Path, targets: Sequence[Target]) -> Iterator[Problem]:
    paths: dict[str, list[YamlPath]] = {}
    for target in targets:
        paths.setdefault(target.file, []).extend(target.unused)
    for file, found in paths.items():
        if found:
            composed = yaml12.compose((root / file).read_bytes(), where=file)
            for path in found:
                line, column = position(composed, path, at_key=True)
                yield Problem(file, line, column, "no prompt is made of this text", dotted(path))
