"""What a plan may be asked for."""

from __future__ import annotations

from dataclasses import dataclass

# The annotations are read when the program runs: what is asked for is held to them.
from chargen_batch.core import asked_for
from chargen_batch.model.bounds import Dollars, Number, Positive  # noqa: TC001
from chargen_batch.model.plan import Scope, SkipBy  # noqa: TC001
from chargen_batch.model.task import TaskKind  # noqa: TC001
from chargen_batch.story.prompt.context import PromptMode  # noqa: TC001


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """What a plan is asked for; every filter that is empty lets everything through.

    Raises:
        ConfigError: That cannot be.

    """

    mode: TaskKind = "generate"
    scope: Scope = "all"
    only: tuple[str, ...] = ()
    target: str | None = None
    model: str | None = None
    aspect_ratio: str | None = None
    image_size: str | None = None
    max_tasks: Number | None = None
    image_type: str | None = None
    skip: SkipBy = "target"
    retry_refused: bool = False
    variants: Positive = 1
    portraits: bool = False
    prompt_mode: PromptMode = "auto"
    skip_invalid: bool = False
    dry_run: bool = False
    max_cost_usd: Dollars | None = None

    def __post_init__(self) -> None:
        """Hold what is asked for to what there is."""
        asked_for.hold_each(self)
