"""A program that is interrupted anywhere goes on with the same call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chargen_batch import Project
from chargen_batch.model.events import JobSeen, Progress, Waiting
from tests.api.conftest import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chargen_batch import Event


def _uploading(event: Event) -> bool:
    return isinstance(event, Progress) and event.step == "uploading"


def _receiving(event: Event) -> bool:
    return isinstance(event, Progress) and event.step == "receiving" and event.done == 1


def _waiting(event: Event) -> bool:
    return isinstance(event, Waiting)


def _submitted(event: Event) -> bool:
    return isinstance(event, JobSeen)


@pytest.mark.parametrize("moment", [_uploading, _submitted, _waiting, _receiving])
def test_ctrl_c_leaves_a_run_that_goes_on(folder: Path, moment: Callable[[Event], bool]) -> None:
    left = [moment]

    def pressed(event: Event) -> None:
        if left and left[0](event):
            left.clear()
            raise KeyboardInterrupt

    with Project.open(folder, backend="emulator", on_event=pressed) as project:
        run = written(project)
        with pytest.raises(KeyboardInterrupt):
            run.resume(first_ok=True, wait=True, interval_s=0.01)
        report = run.resume(first_ok=True, wait=True, interval_s=0.01)
    assert (report.phase, report.completed, len(report.jobs)) == ("completed", 2, 1)
    assert len([result.image_path for result in run.outcomes()]) == 2
