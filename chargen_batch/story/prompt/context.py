"""What a prompt is compiled from besides its target's own fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from chargen_batch.model.settings import Style

if TYPE_CHECKING:
    from chargen_batch.model.task import ImageRef

PromptMode = Literal["auto", "author", "compiled"]


@dataclass(frozen=True, slots=True)
class Depicted:
    """A character that a target shows: its slug, its name, its state there.

    ``looks`` is its appearance in words, where no picture shows it.
    """

    slug: str
    name: str
    state: str = ""
    looks: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A reference picture, and the name of whom or what it shows."""

    image: ImageRef
    name: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a character is, in words: what its image ideas say, and its appearance."""

    name: str
    summary: str = ""
    looks: tuple[str, ...] = ()
    appearance: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a target: its place or its character, who is in it, the project's style.

    ``identity`` is the character whose scene it is, ``has_portrait`` whether a picture shows them.
    """

    place: str = ""
    identity: Identity | None = None
    has_portrait: bool = False
    depicted: tuple[Depicted, ...] = ()
    shown: tuple[Shown, ...] = ()
    style: Style = field(default_factory=Style)
    mode: PromptMode = "auto"
