"""What a run takes of the service's storage: held to a limit, and looked at before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.core.polling import has_ended
from chargen_batch.errors import ServiceError, StagingError
from chargen_batch.model.state import WaitingJob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chargen_batch.config import Project
    from chargen_batch.model.plan import RunConfig
    from chargen_batch.model.state import Job
    from chargen_batch.model.task import ImageRef
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService


def hold(
    project: Project, config: RunConfig, images: Mapping[str, ImageRef], request_bytes: int
) -> None:
    """Refuse a run whose uploads are larger than ``max_staged_bytes``.

    Args:
        project: The project, where the references are.
        config: The run's choices.
        images: Its references, by SHA-256.
        request_bytes: The size of its request files.

    Raises:
        StagingError: They are.

    """
    reference_bytes = size_of(project, images.values())
    size, most = reference_bytes + request_bytes, config.max_staged_bytes
    if size <= most:
        return
    raise StagingError(
        f"the run would put {_bytes(size)} on the service, {_bytes(reference_bytes)} of it in "
        f"{len(images)} reference(s), more than batch.max_staged_bytes allows ({_bytes(most)})",
        hint="plan fewer tasks at once (--max-tasks, --only), or use Vertex AI "
        "(--backend vertex), whose storage is your own; nothing was sent",
    )


def warnings(
    run: RunDirectory,
    project: Project,
    service: BatchService,
    wanted: Mapping[str, ImageRef],
    jobs: Iterable[Job],
) -> tuple[str, ...]:
    """Say what is about to be too full; ask only before uploads, and only of what has a limit.

    Args:
        run: The run's directory.
        project: The project, where the references are.
        service: The service.
        wanted: The references that are to be uploaded, by SHA-256.
        jobs: The run's jobs: the request files of those that wait are to be uploaded.

    """
    if not wanted and not any(isinstance(job, WaitingJob) for job in jobs):
        return ()
    # Requests are about as long as the tasks that they are made of.
    coming = size_of(project, wanted.values()) + run.tasks_file.stat().st_size
    try:
        return tuple(_warnings(service, coming))
    except ServiceError as err:
        return (f"how full the service is could not be looked at: {err}",)


def _warnings(service: BatchService, coming: int) -> Iterator[str]:
    most = service.limits
    if most.stored_bytes is not None:
        stored = sum(file.size for file in service.list_files())
        if stored + coming > most.stored_bytes:
            gone = f" (files go after {most.file_life_h:.0f} hours)" if most.file_life_h else ""
            yield (
                f"the service holds {_bytes(stored)} of files, and {_bytes(coming)} more are "
                f"coming: it takes {_bytes(most.stored_bytes)}{gone}"
            )
    if most.live_jobs is not None:
        live = sum(not has_ended(job.state) for job in service.list_jobs())
        if live >= most.live_jobs:
            yield (
                f"{live} jobs are at work on the service, which takes {most.live_jobs}: "
                "submit will have to wait until some have ended"
            )


def size_of(project: Project, images: Iterable[ImageRef]) -> int:
    """Return the bytes of pictures as they are on the disk; what is gone counts nothing."""
    paths = (project.root / image.path for image in images)
    return sum(path.stat().st_size for path in paths if path.is_file())


def _bytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e7 else f"{size} bytes"  # noqa: PLR2004 - for reading
