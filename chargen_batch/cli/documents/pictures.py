"""The documents of the commands on one picture."""

from __future__ import annotations

from typing import Literal

from chargen_batch.cli.documents.base import Document, Part


class Place(Part, frozen=True, kw_only=True):
    """Where an inventory entry stands; ``line`` is 0 where that is not known."""

    file: str
    line: int
    yaml_path: str


class Reference(Part, frozen=True, kw_only=True):
    """A picture that the model was shown, and whether its file still has those bytes."""

    path: str
    sha256: str
    role: str
    now: Literal["same", "changed", "missing"]


class Cost(Part, frozen=True, kw_only=True):
    """What a picture has cost."""

    usd: float
    counted: bool
    rehearsal: bool


class Now(Part, frozen=True, kw_only=True):
    """What the story says of the target today."""

    state: str
    reason: str
    same_key: bool


class Explain(Document, frozen=True, kw_only=True, tag="explain"):
    """What is known of a picture; null and empty is what nothing tells any more."""

    file: str
    sha256: str
    mime: str
    width: int
    height: int
    known_by: tuple[str, ...]
    target: str | None
    title: str | None
    task_key: str | None
    drawn_as: str | None
    variant: int | None
    status: str | None
    review_note: str | None
    place: Place | None
    provider: str | None
    made_elsewhere: str | None
    model: str | None
    aspect_ratio: str | None
    image_size: str | None
    prompt: str | None
    prompt_sha256: str | None
    negative_prompt: str | None
    references: tuple[Reference, ...]
    run_id: str | None
    run_is_here: bool
    job: int | None
    job_name: str | None
    at: str | None
    cost: Cost | None
    unchanged: bool | None
    now: Now | None
    warnings: tuple[str, ...]


class Adopt(Document, frozen=True, kw_only=True, tag="adopt"):
    """Which target a picture stands for now, and where."""

    target: str
    task_key: str
    variant: int
    status: str
    picture: str
    sha256: str
    file: str
    entered: bool
    moved: bool
    dry_run: bool
    warnings: tuple[str, ...]
