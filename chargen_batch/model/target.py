"""One target: a picture that a story asks for, as the story's files say it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from chargen_batch.model.task import EntityType, ImageRef, PathStep

TargetState = Literal[
    "new", "rejected", "done", "changed", "in_flight", "refused", "removed", "renamed"
]
Scenario = Literal["character", "location", "scene"]

PORTRAIT_ID: Final = "portrait"  # of a reference portrait that is asked for
DEAD_STATUSES: Final = frozenset({"rejected", "archived"})


class PromptSection(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a prompt: its priority (1 first), what it is, its text, and where that stands.

    ``path`` leads into the target's own file; ``None`` where the text is from elsewhere. What was
    over the budget is ``dropped``: of a section that was cut, the rest is one of its own.
    """

    priority: int
    name: str
    text: str
    path: tuple[PathStep, ...] | None = None
    dropped: bool = False


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that the story asks for, with its prompt compiled and its references resolved.

    ``target_id`` is unique within the entity. ``file`` (relative to the project) and ``yaml_path``
    say where it stands. ``ratio`` and ``size`` are what the story asks for, ``None`` where it asks
    for nothing. ``entries`` are the inventory entries of ours that carry the target's id;
    ``former`` those of its entity that carry an id which no target has any more; ``others`` the
    pictures that other tools made for it.
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
    image_type: str = ""
    entries: tuple[Entry, ...] = ()
    former: tuple[Entry, ...] = ()
    others: tuple[OtherPicture, ...] = ()
    sections: tuple[PromptSection, ...] = ()
    unused: tuple[tuple[PathStep, ...], ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What an inventory entry of ours says: its key, variant, status, and whether its file is.

    ``file`` is where that file was found, relative to the project.
    """

    task_key: str
    target_id: str = ""
    variant: int
    status: str
    provider: str
    file_exists: bool
    file: str = ""
    drawn_from: DrawnFrom | None = None

    @property
    def is_live(self) -> bool:
        """Say whether the entry stands for a picture that somebody may use."""
        return self.status not in DEAD_STATUSES and self.file_exists

    @property
    def key_hash(self) -> str:
        """Return the key's 16 hex digits."""
        return self.task_key.rpartition("@")[2]


class DrawnFrom(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry records of the request that drew it; ``None`` where it records nothing.

    ``references`` are roles and SHA-256s, in order.
    """

    prompt: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    aspect_ratio: str | None = None
    image_size: str | None = None
    references: tuple[tuple[str, str], ...] | None = None


class OtherPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that another tool made for a target: its path, and what names the target.

    ``is_live`` is false where a person rejected it.
    """

    path: str
    named_by: str
    is_live: bool = True
