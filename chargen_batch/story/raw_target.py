"""A target as its file says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chargen_batch.model.target import Scenario
    from chargen_batch.story.fields import Layer, YamlPath


@dataclass(frozen=True, slots=True)
class RawTarget:
    """A target as its file says it, before its prompt is compiled.

    ``path`` says where it stands, ``node`` which mapping of imagery.yaml gets its entries. ``own``
    are its own fields; ``outer`` what it inherits from, the nearest first: zone, overview, the
    file's defaults. ``about`` is what the file says of the whole place or chapter, ``moment``
    what a chapter's image illustrates.
    """

    target_id: str
    scenario: Scenario
    path: YamlPath
    node: YamlPath
    own: tuple[Layer, ...]
    outer: tuple[Layer, ...] = ()
    about: tuple[Layer, ...] = ()
    moment: Layer | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Return every layer, in the order of precedence."""
        return self.own + self.outer

    @property
    def in_zone(self) -> tuple[Layer, ...]:
        """Return its own fields, then its zone's: an overview's light or weather is its own."""
        return self.own + tuple(layer for layer in self.outer if layer.path[:1] == ("zones",))

    @property
    def in_story(self) -> tuple[Layer, ...]:
        """Return its own fields, then those of its moment: where in the story it stands."""
        return (*self.own, self.moment) if self.moment else self.own
