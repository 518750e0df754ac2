"""What a plan may be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chargen_batch.model.plan import Scope, SkipBy
    from chargen_batch.model.task import TaskKind
    from chargen_batch.story.prompt.context import PromptMode


@dataclass(frozen=True, slots=True)
class PlanChoices:
    """What a plan is asked for; every filter that is empty lets everything through."""

    mode: TaskKind = "generate"
    scope: Scope = "all"
    only: tuple[str, ...] = ()
    target: str | None = None
    model: str | None = None
    aspect_ratio: str | None = None
    image_size: str | None = None
    max_tasks: int | None = None
    image_type: str | None = None
    skip: SkipBy = "target"
    retry_refused: bool = False
    variants: int = 1
    portraits: bool = False
    prompt_mode: PromptMode = "auto"
    skip_invalid: bool = False
    dry_run: bool = False
    max_cost_usd: float | None = None
