"""stage: cut the run into jobs, and bring their references and requests to the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from chargen_batch.core import jobs, limits, state_machine
from chargen_batch.errors import ExitCode, StagingError
from chargen_batch.model.analysis import EXAMPLES
from chargen_batch.model.outcome import Picture
from chargen_batch.model.state import WaitingJob
from chargen_batch.phases import binding, settling, storage, telling
from chargen_batch.phases.effects import iso, silent
from chargen_batch.phases.uploading import Uploader
from chargen_batch.phases.weighing import Weighing
from chargen_batch.phases.writing_back import PROVIDERS, Writer, by_entity, entity_places
from chargen_batch.story.write_back import Finished

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.config import Project
    from chargen_batch.model.state import Phase, RunState
    from chargen_batch.model.task import BatchTask
    from chargen_batch.phases.effects import Clock, Connect, Tell
    from chargen_batch.phases.writing_back import Written
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService


@dataclass(frozen=True, slots=True)
class StageReport:
    """What was brought to the service."""

    run_id: str
    phase: Phase
    uploaded: int = 0
    uploaded_bytes: int = 0
    job_count: int = 0
    changed: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    exit_code: ExitCode = ExitCode.DONE


@telling.on_run("stage")
def run(
    run: RunDirectory, project: Project, connect: Connect, *, clock: Clock, tell: Tell = silent
) -> StageReport:
    """Stage a run: progress is kept after each upload and each job.

    Raises:
        StateError: The run belongs to another service.
        StagingError: A file could not be uploaded, an entry could not be written back, or the
            whole is larger than what the service may be given.
        ServiceError: The service refused.
        NetworkError: The service was not reached.

    """
    state = run.state()
    if not state_machine.require(state, "stage") or state.phase == "staged":
        return StageReport(state.run_id, state.phase, job_count=len(state.jobs))
    run.check_tasks(run.check_plan(state))
    cut = _prepared(run, project, state) if state.phase == "planned" else ()
    service, state = binding.connected(run, state, connect, clock=clock)
    if state.phase == "planned":
        state = _begin(run, state, service, cut, at=iso(clock()))
    uploader = Uploader(run, project, service, clock, state.config, tell)
    wanted = uploader.wanted()
    warnings = storage.warnings(run, project, service, wanted, state.jobs)
    changed = uploader.upload_references(wanted)
    waiting = [job for job in state.jobs if isinstance(job, WaitingJob)]
    total = sum(job.task_count for job in waiting)
    requests = telling.Tally(tell, state.run_id, "requests", "tasks", total)
    requests.begin()
    for job in waiting:
        now = uploader.stage(job, changed)
        state = run.save(state_machine.with_job(state, now, at=iso(clock())))
        requests.add(job.task_count, run.request_file(job.index).name)
    state = settling.counted(run, state)
    state = run.save(state_machine.moved(state, "staged", at=iso(clock()), command="stage"))
    return StageReport(
        state.run_id,
        state.phase,
        uploaded=uploader.uploads.count,
        uploaded_bytes=uploader.uploads.bytes_sent,
        job_count=len(state.jobs),
        changed=tuple(sorted(changed.values())),
        warnings=warnings,
    )


def _prepared(run: RunDirectory, project: Project, state: RunState) -> Sequence[WaitingJob]:
    """Return the jobs that a run is cut into, once all that can be known of it is well."""
    _try_splices(run, project, state)
    config = state.config
    most = limits.of(config.backend)
    weighing = Weighing(run, uri_length=most.uri_length)
    cut = jobs.cut(
        weighing.weights(),
        max_tasks=min(config.max_tasks_per_job, most.job_requests or config.max_tasks_per_job),
        max_bytes=min(config.max_job_bytes, most.job_bytes or config.max_job_bytes),
        max_tokens=config.max_enqueued_tokens // 2 if most.queues_tokens else None,
    )
    waiting = tuple(cut)
    if most.stored_bytes is not None:
        storage.hold(project, config, weighing.images, weighing.request_bytes)
    return waiting


def _try_splices(run: RunDirectory, project: Project, state: RunState) -> None:
    """Try every entry in memory, so that what could not be written back is known before paying."""
    writer = Writer(project, entity_places(project), state.run_id, PROVIDERS[state.config.backend])
    picture = Picture(path="images/picture.png", mime="image/png", sha256="", width=1, height=1)
    tried = (Finished(task, (picture,), state.created_at, _example(task)) for task in run.tasks())
    told = (
        problem
        for group in by_entity(tried)
        for problem in _problems(writer.write(group, dry=True))
    )
    if problems := list(dict.fromkeys(told)):
        raise StagingError(
            "entries could not be written back later: " + "; ".join(problems),
            failed=problems,
            hint="mend the file and stage again, or plan anew; nothing was sent",
        )


def _example(task: BatchTask) -> str | None:
    example = EXAMPLES.get(task.response_schema_version or "")
    return msgspec.json.encode(example).decode() if example else None


def _problems(tried: Written) -> Iterator[str]:
    if tried.problem:
        yield str(tried.problem)
    for task in tried.vanished:
        if task.kind == "analyze":  # a picture that changed is told of when it is to be uploaded
            continue
        yield f"{task.source.file}: {task.target_id} is not in the story any more"


def _begin(
    run: RunDirectory,
    state: RunState,
    service: BatchService,
    cut: Sequence[WaitingJob],
    *,
    at: str,
) -> RunState:
    """Pin the service, cut the run into jobs and enter staging."""
    identity = binding.identity(service.address, state.run_id)
    state = msgspec.structs.replace(state, service=identity, jobs=tuple(cut))
    return run.save(state_machine.moved(state, "staging", at=at, command="stage"))
