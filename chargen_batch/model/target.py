"""One target: a picture that a story asks for, as the story's files say it."""

from __future__ import annotations

from typing import Literal

import msgspec

from chargen_batch.model.task import EntityType, ImageRef, PathStep

TargetState = Literal["new", "rejected", "done", "changed", "in_flight"]
Scenario = Literal["character", "location", "scene"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that the story asks for, with its prompt compiled and its references resolved.

    ``target_id`` is unique within the entity. ``file`` (relative to the project) and ``yaml_path``
    say where it stands. ``ratio`` and ``size`` are what the story asks for, ``None`` where it asks
    for nothing. ``variants`` are the inventory entries that carry the target's id.
    """

    entity_type: EntityType
    entity_slug: str
    target_id: str
    scenario: Scenario
    title: str
    description: str
    tags: tuple[str, ...]
    prompt: str
    negative_prompt: str
    references: tuple[ImageRef, ...]
    aspect_ratio: str | None
    image_size: str | None
    file: str
    yaml_path: tuple[PathStep, ...]
    output_dir: str
    output_stem: str
    entries: tuple[Entry, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What an inventory entry of ours says: its key, variant, status, and whether its file is."""

    task_key: str
    variant: int
    status: str
    provider: str
    file_exists: bool

    @property
    def is_live(self) -> bool:
        """Say whether the entry stands for a picture that somebody may use."""
        return self.status not in {"rejected", "archived"} and self.file_exists
