"""What the review's page shows: a row for each picture that a person is to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from chargen_batch.core.states import EMULATOR
from chargen_batch.errors import dotted
from chargen_batch.model.target import DEAD_STATUSES
from chargen_batch.report.page import PAGE_ROWS, render_review
from chargen_batch.report.rows import Decision, Row, Shown, Status, is_wide, of_whom
from chargen_batch.story.reviewing import NOTE
from chargen_batch.story.write_back import IMAGERY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.phases.review import Desk
    from chargen_batch.story.reviewing import Judged

_BACK: Final = "When you are done, press Ctrl-C in the terminal, then type what it says."
_STATUSES: Final[tuple[Status, ...]] = get_args(Status)


def page(desk: Desk, token: str, number: int = 1) -> bytes:
    """Return a page of the pictures that are there to be judged now; of many, there are several."""
    pictures = desk.pictures()
    is_rehearsal = bool(pictures) and all(map(_is_rehearsed, pictures))
    count = max(1, -(-len(pictures) // PAGE_ROWS))
    number = min(max(number, 1), count)
    listed = pictures[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
    rows = (_row(desk, each, is_rehearsal=is_rehearsal) for each in listed)
    where = f"run {desk.run_id}" if desk.run_id else "the story"
    title = f"{'Pictures' if desk.every else 'Drafts'} of {where}"
    return render_review(
        rows,
        title=title,
        token=token,
        back=_BACK,
        is_rehearsal=is_rehearsal,
        part=(number, count),
    )


def _is_rehearsed(said: Judged) -> bool:
    return said.text("generation", "provider") == EMULATOR


def _row(desk: Desk, said: Judged, *, is_rehearsal: bool) -> Row:
    has_picture = desk.has_picture(said)
    status = state_of(said)
    return Row(
        key=said.task_key,
        kind="generate",
        entity_type=said.entity.entity_type,
        entity_slug=said.entity.slug,
        target_id=_target_id(said),
        title=said.text("content", "title") or _target_id(said),
        state=status,
        prompt=said.text("generation", "prompt_used"),
        description=said.text("content", "description"),
        negative_prompt=said.text("generation", "negative_prompt_used"),
        place=f"{said.entity.where}/{IMAGERY}: {dotted(said.path)}",
        facts=tuple(_facts(said)),
        pictures=(Shown(f"pictures/{said.id}", said.text("path")),) if has_picture else (),
        references=tuple(_references(said)),
        warnings=tuple(_warnings(said, has_picture=has_picture, is_rehearsal=is_rehearsal)),
        is_wide=is_wide(_constraint(said, "aspect_ratio")),
        decision=Decision(said.id, status, said.note, said.status),
    )


def _target_id(said: Judged) -> str:
    return said.text("generation", "target_id") or said.task_key.rpartition("@")[0]


def state_of(said: Judged) -> Status:
    """Return what the page can show of a status: people write other words as well."""
    known = next((each for each in _STATUSES if each == said.status), None)
    return known or ("rejected" if said.status in DEAD_STATUSES else "draft")


def _facts(said: Judged) -> Iterator[str]:
    shape = ("aspect_ratio", "image_size")
    told = (said.text("generation", "model"), *(_constraint(said, each) for each in shape))
    yield from filter(None, told)
    variant = said.value("generation", "variant")
    if isinstance(variant, int) and variant > 1:
        yield f"variant {variant}"
    if run_id := said.text("generation", "run_id"):
        yield f"run {run_id}"


def _constraint(said: Judged, name: str) -> str:
    return said.text("generation", "constraints", name)


def _references(said: Judged) -> Iterator[Shown]:
    listed = said.value("generation", "reference_images")
    for number, each in enumerate(listed if isinstance(listed, list) else ()):
        role = each.get("role") if isinstance(each, dict) else None
        path = each.get("path") if isinstance(each, dict) else None
        label = of_whom(role, path) if isinstance(role, str) and isinstance(path, str) else ""
        yield Shown(f"references/{said.id}/{number}", label)


def _warnings(said: Judged, *, has_picture: bool, is_rehearsal: bool) -> Iterator[str]:
    """Say what a person should know of a picture; what holds for all is in the page's head."""
    if not has_picture:
        yield f"its picture is not there: {said.text('path')}"
    if _is_rehearsed(said) and not is_rehearsal:
        yield "drawn by the emulator, in a rehearsal: it stands for no real picture"
    if said.status not in _STATUSES:
        yield f"its entry says {said.status}"
    if said.has_odd_note:
        yield f"its {NOTE} is no text: it stays as it is, mend it by hand to write one here"
