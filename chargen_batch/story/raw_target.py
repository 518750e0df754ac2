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
    file's defaults. ``moment`` is what a chapter's image illustrates.
    """

    target_id: str
    scenario: Scenario
    path: YamlPath
    node: YamlPath
    own: tuple[Layer, ...]
    outer: tuple[Layer, ...] = ()
    moment: Layer | None = None

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Return every layer, in the order of precedence."""
        return self.own + self.outer
