"""What the pages show of a task: a row, made from the plan's task and the ledger's last word."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

import msgspec

from chargen_batch.errors import dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.task import BatchTask

    Link = Callable[[str], str]

Status = Literal["approved", "rejected", "draft"]
_LONG_LETTERS: Final = 640
_LONG_LINES: Final = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on a page: the link to it, what it is, and its size in pixels where it is known."""

    link: str
    label: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person has decided of a picture; ``id`` is its entry's in the story.

    ``says`` is the entry's own word, which may be another than the page has signs for.
    """

    id: str
    status: Status = "draft"
    note: str = ""
    says: str = "draft"


@dataclass(frozen=True, slots=True)
class Row:
    """One task as a page shows it.

    ``state`` is ``open``, ``received``, ``done``, ``failed`` or ``reverted``; in a review it is the
    decision's status. ``facts`` are a few words each on how it was asked for. ``answer`` is what an
    analysis found, as plain values. Only a review has a ``decision``. A picture that
    ``is_wide`` has more room on the page.
    """

    key: str
    kind: str
    entity_type: str
    entity_slug: str
    target_id: str
    title: str
    state: str
    prompt: str
    description: str = ""
    negative_prompt: str = ""
    place: str = ""
    facts: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""
    pictures: tuple[Shown, ...] = ()
    references: tuple[Shown, ...] = ()
    answer: Any = None
    warnings: tuple[str, ...] = ()
    decision: Decision | None = None
    is_wide: bool = False

    @property
    def anchor(self) -> str:
        """Return the row's place on its page."""
        return anchor(self.decision.id if self.decision else self.key)

    @property
    def entity(self) -> tuple[str, str]:
        """Return whose target it is: the entity's type and slug."""
        return self.entity_type, self.entity_slug

    @property
    def is_long(self) -> bool:
        """Say whether the prompt is shown shortened at first."""
        return len(self.prompt) > _LONG_LETTERS or self.prompt.count("\n") > _LONG_LINES


def anchor(key: str) -> str:
    """Return where on its page a task is: named as its dead letter is (run/directory)."""
    return f"t-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def links(project: Path, folder: Path) -> Link:
    """Return what makes links, for a page in ``folder``, from paths relative to the project."""
    base = os.path.relpath(project, folder)
    return lambda path: quote(f"{base}/{path}")


def rows(
    tasks: Iterable[BatchTask], outcomes: Mapping[str, TaskResult], link: Link
) -> Iterator[Row]:
    """Go through a run's tasks as the page shows them.

    Args:
        tasks: The plan's tasks.
        outcomes: The last word on each, by key.
        link: Makes a link to a picture, from its path in the project.

    """
    return (row(task, outcomes.get(task.key), link) for task in tasks)


def row(task: BatchTask, outcome: TaskResult | None, link: Link) -> Row:
    """Return one task as a page shows it; ``outcome`` is the last word on it, if there is one."""
    error = outcome.error if outcome else None
    place = dotted(task.source.yaml_path)
    return Row(
        key=task.key,
        kind=task.kind,
        entity_type=task.entity_type,
        entity_slug=task.entity_slug,
        target_id=task.target_id,
        title=task.title or task.target_id,
        state=_state(outcome),
        prompt=task.prompt,
        description=task.description,
        negative_prompt=task.negative_prompt,
        place=f"{task.source.file}: {place}" if place else task.source.file,
        facts=tuple(_facts(task, outcome)),
        code=error.code if error else "",
        reason=error.message if error else "",
        pictures=_pictures(task, outcome, link),
        references=tuple(
            Shown(link(each.path), of_whom(each.role, each.path)) for each in task.reference_images
        ),
        answer=_answer(outcome),
        warnings=outcome.warnings if outcome else (),
        is_wide=is_wide(task.aspect_ratio),
    )


def of_whom(role: str, path: str) -> str:
    """Return what a reference is, and of whom where its path says so."""
    *_, owner, folder, _ = ("", "", "", *path.split("/"))
    return f"{role} of {owner}" if owner and folder == "images" else role


def is_wide(aspect_ratio: str | None) -> bool:
    """Say whether a picture of such a ratio (``16:9``) is wider than high."""
    width, _, height = (aspect_ratio or "").partition(":")
    return width.isdecimal() and height.isdecimal() and int(width) > int(height)


def _state(outcome: TaskResult | None) -> str:
    if outcome is None:
        return "open"
    if outcome.stage != "settled":
        return outcome.stage
    return "done" if outcome.status == "success" else "failed"


def _facts(task: BatchTask, outcome: TaskResult | None) -> Iterator[str]:
    yield task.model
    yield from filter(None, (task.aspect_ratio, task.image_size))
    if task.variant > 1:
        yield f"variant {task.variant}"
    if task.attempt > 1:
        yield f"attempt {task.attempt}"
    if outcome and outcome.usage:
        yield f"{outcome.usage.total_tokens:,} tokens"


def _pictures(task: BatchTask, outcome: TaskResult | None, link: Link) -> tuple[Shown, ...]:
    """Return what was drawn; of an analysis, what was looked at."""
    if task.kind == "analyze":
        return tuple(Shown(link(each.path), each.role) for each in task.input_images)
    drawn = outcome.pictures if outcome and outcome.stage != "reverted" else ()
    return tuple(
        Shown(link(each.path), f"{each.width} × {each.height}", each.width, each.height)  # noqa: RUF001 - the sign
        for each in drawn
    )


def _answer(outcome: TaskResult | None) -> Any:  # noqa: ANN401 - any JSON
    if outcome is None or outcome.analysis_json is None:
        return None
    return msgspec.json.decode(outcome.analysis_json)
