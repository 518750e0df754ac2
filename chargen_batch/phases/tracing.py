"""What tells where a picture came from: the record in it, the entry that names it, its run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from chargen_batch.config import model_facts
from chargen_batch.core import spent
from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import DocumentError
from chargen_batch.model.history import name_in
from chargen_batch.run import origin
from chargen_batch.story.adopted import PROVIDER
from chargen_batch.story.discover import discover, stays_inside
from chargen_batch.story.named import Inventories

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch.config import Project
    from chargen_batch.model.provenance import PictureRecord
    from chargen_batch.phases.given import Given
    from chargen_batch.run.origin import Origin
    from chargen_batch.story.named import Named


@dataclass(frozen=True, slots=True)
class Reference:
    """A picture that the model was shown, and whether its file still has those bytes."""

    path: str
    sha256: str
    role: str
    now: Literal["same", "changed", "missing"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a task has cost, by what the service counted, or else as it was estimated."""

    usd: float
    counted: bool
    rehearsal: bool


@dataclass(frozen=True)
class Traces:
    """What was found of a picture; ``named`` is its entry, ``origin`` the run that drew it."""

    given: Given
    project: Project | None = None
    slug: str | None = None
    named: Named | None = None
    origin: Origin | None = None
    warnings: tuple[str, ...] = ()

    @property
    def record(self) -> PictureRecord | None:
        """Return the record in the picture's own bytes."""
        return self.given.record

    @property
    def known_by(self) -> tuple[str, ...]:
        """Return what told, in the order in which it counts."""
        told = {"picture": self.record, "entry": self.named, "run": self.origin}
        return tuple(name for name, found in told.items() if found)

    @cached_property
    def key(self) -> str | None:
        """Return the key of the task that the picture stands for: its entry's, if that has one."""
        return (self.named.task_key if self.named else None) or self.drawn_as

    @cached_property
    def drawn_as(self) -> str | None:
        """Return the key of the task that drew it, as its bytes or a run's ledger say."""
        if self.record:
            return self.record.task_key
        return self.origin.key if self.origin else None

    @property
    def target(self) -> str | None:
        """Return the target that the key names."""
        return self.key.rpartition("@")[0] if self.key else None

    @property
    def is_adopted(self) -> bool:
        """Say whether a person entered it: its entry then tells nothing of how it was drawn."""
        return self.named is not None and self.named.text("provenance", "sha256") is not None

    @property
    def provider(self) -> str | None:
        """Return who made it."""
        said = self.named.text("generation", "provider") if self.named else None
        by_hand = PROVIDER if self.is_adopted and not self.record else None
        return (self.record.provider if self.record else None) or by_hand or said

    @property
    def run_id(self) -> str | None:
        """Return the run that drew it."""
        if self.record:
            return self.record.run_id
        if self.origin:
            return self.origin.run.run_id
        return self.named.text("generation", "run_id") if self.named else None

    @property
    def unchanged(self) -> bool | None:
        """Say whether it is what was written or adopted; ``None`` where nothing can tell."""
        adopted = self.named.text("provenance", "sha256") if self.named else None
        hashes = {picture.sha256 for picture in self.origin.pictures} if self.origin else set()
        hashes |= {adopted} if adopted else set()
        return self.given.sha256 in hashes if hashes else None

    def prompts(self) -> Iterator[str]:
        """Go through what is told to have been its prompt: the run's word first."""
        if self.origin and self.origin.task:
            yield self.origin.task.prompt
        said = self.named.text("generation", "prompt_used") if self.named else None
        if said:
            yield said

    def cost(self) -> Cost | None:
        """Return what its task has cost; ``None`` where its run is gone, or has no price."""
        task = self.origin.task if self.origin else None
        if self.project is None or self.origin is None or task is None:
            return None
        outcome = self.origin.outcome
        usd = spent.usd(
            outcome.usage if outcome else None,
            came=True,
            pictures=len(self.origin.pictures),
            image_size=task.image_size,
            estimate_usd=None,
            facts=model_facts(self.project.settings, task.model),
        )
        rehearsal = self.provider == EMULATOR
        if usd is not None:
            return Cost(usd, counted=True, rehearsal=rehearsal)
        estimated = task.estimate.cost_usd
        return None if estimated is None else Cost(estimated, counted=False, rehearsal=rehearsal)

    def references(self) -> tuple[Reference, ...]:
        """Return the pictures that the model was shown, each compared with what it is now."""
        task = self.origin.task if self.origin else None
        if task:
            listed = [(each.path, each.sha256, each.role) for each in task.reference_images]
        else:
            said = self.named.value("generation", "reference_images") if self.named else None
            items = (
                [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
            )
            listed = [
                (str(each.get("path")), str(each.get("sha256")), str(each.get("role")))
                for each in items
            ]
        return tuple(Reference(*each, _now(self.project, *each[:2])) for each in listed)


def _now(project: Project | None, path: str, sha256: str) -> Literal["same", "changed", "missing"]:
    file = project.root / path if project else None
    try:
        if project is None or file is None or not stays_inside(project.root, file):
            return "missing"
        same = hashlib.sha256(file.read_bytes()).hexdigest() == sha256
    except (OSError, ValueError):
        return "missing"
    return "same" if same else "changed"


def traced(given: Given, project: Project | None) -> Traces:
    """Look for what tells of a picture: in itself, in the story's inventories, in the runs."""
    if project is None:
        return Traces(given)
    inventories = Inventories(discover(project.root, project.settings))
    named = _named(given, inventories)
    warnings = list(inventories.problems)
    try:
        found = _origin(given, project, named)
    except DocumentError as err:
        warnings.append(err.message)
        found = None
    around = named.entity if named else inventories.around(given.path)
    slug = around.slug if around else None
    return Traces(given, project, slug, named, found, tuple(warnings))


def _named(given: Given, inventories: Inventories) -> Named | None:
    """Return the entry of the file, of a copy of it, or of what was adopted with its bytes."""
    named = inventories.at(given.path) or next(inventories.adopted(given.sha256), None)
    if named is None and given.record:
        entity_type, slug, _ = name_in(given.record.task_key)
        keyed = list(inventories.keyed(entity_type, slug, given.record.task_key))
        same = (each for each in keyed if _is_same(inventories.picture(each), given.sha256))
        named = next(same, None) or next(iter(keyed), None)
    return named


def _is_same(picture: Path | None, sha256: str) -> bool:
    return picture is not None and hashlib.sha256(picture.read_bytes()).hexdigest() == sha256


def _origin(given: Given, project: Project, named: Named | None) -> Origin | None:
    """Return the run by the picture's own word, by its entry's, or by its bytes in a ledger."""
    record = given.record
    told = [(record.run_id, record.task_key)] if record else []
    run_id = named.text("generation", "run_id") if named else None
    if named and run_id and named.task_key:
        told.append((run_id, named.task_key))
    found = (origin.of_task(project.runs_dir, *each) for each in told)
    return next(filter(None, found), None) or origin.of_picture(project.runs_dir, given.sha256)
