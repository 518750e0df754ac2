"""What explain tells of a picture, put together from all that was found of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chargen_batch.core.pictures import BrokenPictureError, inspect, mime_of
from chargen_batch.core.states import with_variant
from chargen_batch.errors import ExitCode, dotted
from chargen_batch.phases import asking
from chargen_batch.run.runs import readable
from chargen_batch.story.reviewing import NOTE

if TYPE_CHECKING:
    from chargen_batch.core.planning import Verdict
    from chargen_batch.phases.tracing import Cost, Reference, Traces


@dataclass(frozen=True, slots=True)
class Place:
    """Where an inventory entry stands; ``line`` is 0 where that is not known."""

    file: str
    line: int
    yaml_path: str


@dataclass(frozen=True, slots=True)
class Now:
    """What the story says of the target today; ``same_key`` where this picture is still its own."""

    state: str
    reason: str
    same_key: bool


@dataclass(frozen=True, slots=True)
class ExplainReport:
    """What is known of a picture; ``None`` and empty is what nothing tells any more.

    ``known_by`` says what told: ``picture``, ``entry``, ``run``, ``story``. ``unchanged`` compares
    the bytes with the ledger's hash, or an adopted one's. ``drawn_as`` is the key of the task that
    drew it, where it stands for another. ``made_elsewhere`` is what names a picture that another
    tool made. ``run_is_here`` is whether the run's folder still is.
    """

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
    warnings: tuple[str, ...] = ()
    exit_code: ExitCode = ExitCode.DONE


def explained(
    traces: Traces,
    verdict: Verdict | None,
    *,
    made_elsewhere: str | None,
    warnings: tuple[str, ...],
) -> ExplainReport:
    """Put together what is known of a picture.

    Args:
        traces: What tells of it.
        verdict: What the story says of its target today.
        made_elsewhere: What names it for that target, where another tool made it.
        warnings: What was wrong in the story's files.

    """
    named, task = traces.named, traces.origin.task if traces.origin else None
    target = asking.target_name(verdict.task) if verdict else traces.target
    prompt, told = _prompt(traces, verdict)
    mime, width, height, broken = _facts(traces)
    at = traces.origin.outcome.at if traces.origin and traces.origin.outcome else None
    size = (task.aspect_ratio, task.image_size) if task else (None, None)
    job, job_name = _job(traces)
    drawn_as = traces.drawn_as if traces.drawn_as != traces.key else None
    return ExplainReport(
        file=_shown(traces),
        sha256=traces.given.sha256,
        mime=mime,
        width=width,
        height=height,
        known_by=(*traces.known_by, *(("story",) if verdict else ())),
        target=target,
        title=_title(traces, verdict),
        task_key=traces.key,
        drawn_as=drawn_as,
        variant=_variant(traces),
        status=named.text("status") if named else None,
        review_note=named.text(NOTE) if named else None,
        place=Place(named.file, named.line, dotted(named.yaml_path)) if named else None,
        provider=traces.provider,
        made_elsewhere=made_elsewhere,
        model=_first(
            traces.record and traces.record.model,
            task and task.model,
            named and named.text("generation", "model"),
        ),
        aspect_ratio=_first(
            size[0], named and named.text("generation", "constraints", "aspect_ratio")
        ),
        image_size=_first(size[1], named and named.text("generation", "constraints", "image_size")),
        prompt=prompt,
        prompt_sha256=traces.record.prompt_sha256 if traces.record else None,
        negative_prompt=_first(
            task and task.negative_prompt,
            named and named.text("generation", "negative_prompt_used"),
        ),
        references=traces.references(),
        run_id=traces.run_id,
        run_is_here=traces.origin is not None,
        job=job,
        job_name=job_name,
        at=_first(at, named and named.text("provenance", "created_at")),
        cost=traces.cost(),
        unchanged=traces.unchanged,
        now=_now(traces, verdict),
        warnings=(*broken, *told, *dict.fromkeys((*traces.warnings, *warnings))),
    )


def _first(*told: object) -> str | None:
    return next((each for each in told if isinstance(each, str) and each), None)


def _shown(traces: Traces) -> str:
    """Return the picture's path within the project, or the whole one."""
    path, project = traces.given.path, traces.project
    if project and path.is_relative_to(project.root):
        return path.relative_to(project.root).as_posix()
    return str(path)


def _facts(traces: Traces) -> tuple[str, int, int, tuple[str, ...]]:
    """Return the type and size of the picture, and a warning where it is not whole."""
    try:
        facts = inspect(traces.given.data)
    except BrokenPictureError as err:
        return mime_of(traces.given.data) or "", 0, 0, (f"it is not whole: {err}",)
    return facts.mime, facts.width, facts.height, ()


def _title(traces: Traces, verdict: Verdict | None) -> str | None:
    task = traces.origin.task if traces.origin else None
    said = traces.named.text("content", "title") if traces.named else None
    return _first(said, task and task.title, verdict and verdict.target.title)


def _variant(traces: Traces) -> int | None:
    said = traces.named.value("generation", "variant") if traces.named else None
    if isinstance(said, int):
        return said
    return traces.origin.task.variant if traces.origin and traces.origin.task else None


def _job(traces: Traces) -> tuple[int | None, str | None]:
    """Return the number of the job that drew it, and its name at the service."""
    if traces.origin is None or traces.origin.outcome is None:
        return None, None
    number = traces.origin.outcome.job
    state = readable(traces.origin.run)
    jobs = (job for job in (state.jobs if state else ()) if job.index == number)
    return number, getattr(next(jobs, None), "batch_job_name", None)


def _prompt(traces: Traces, verdict: Verdict | None) -> tuple[str | None, tuple[str, ...]]:
    """Return what it was drawn from, and a warning where that is not what its record says.

    Where run and entry are gone, the story's own prompt counts if it still is the same.
    """
    told = list(traces.prompts())
    if traces.record is None:
        return _first(*told), ()
    now = [verdict.task.prompt] if verdict else []
    same = [
        each
        for each in (*told, *now)
        if hashlib.sha256(each.encode()).hexdigest() == traces.record.prompt_sha256
    ]
    if same or not told:
        return _first(*same), ()
    return told[0], ("the prompt was changed since: the picture's own record has another one",)


def _now(traces: Traces, verdict: Verdict | None) -> Now | None:
    if verdict is None:
        return None
    variant = _variant(traces) or 1
    same = with_variant(verdict.task, variant).key == traces.key
    return Now(verdict.state, verdict.reason, same)
