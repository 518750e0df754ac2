"""The package is a guest in the program that imports it: it changes nothing there."""

from __future__ import annotations

import contextlib
import gc
import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from chargen_batch import Project
from chargen_batch.model.events import Warned
from tests.api.conftest import downloaded, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chargen_batch import Event

LOOKS = """
import json, logging, signal, sys, threading
before = (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), set(sys.modules))
{import_}
ours = sorted(name for name in set(sys.modules) - before[2] if name.startswith("chargen_batch."))
print(json.dumps({{
    "signals": [signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)] == [*before[:2]],
    "handlers": len(logging.getLogger().handlers),
    "levels": [logging.getLogger(name).level for name in ("", "chargen_batch", "httpx", "uvicorn")],
    "threads": threading.active_count(),
    "ours": ours,
    "loaded": sorted({{"msgspec", "yaml", "typer", "httpx", "google", "PIL"}} & set(sys.modules)),
}}))
"""


def looked_at(import_: str) -> dict[str, object]:
    program = LOOKS.format(import_=import_)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stderr == b""
    seen: dict[str, object] = json.loads(done.stdout)
    return seen


def test_importing_the_package_loads_nothing_else() -> None:
    seen = looked_at("import chargen_batch")
    assert (seen["ours"], seen["loaded"]) == ([], [])


def test_importing_an_error_loads_the_errors_alone() -> None:
    assert looked_at("from chargen_batch import BatchError")["ours"] == ["chargen_batch.errors"]


def test_importing_sets_up_nothing() -> None:
    seen = looked_at("from chargen_batch import *")
    assert seen["signals"]
    assert (seen["handlers"], seen["levels"], seen["threads"]) == (0, [30, 0, 0, 0], 1)
    assert not {"typer", "httpx", "google"} & set(map(str, seen["loaded"]))  # type: ignore[call-overload]


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import chargen_batch  # noqa: PLC0415 - the module itself is looked at

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = chargen_batch.nothing  # type: ignore[attr-defined]


def test_nothing_is_printed_also_when_calls_are_repeated(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trouble = folder / ".chargen/emulator/trouble.toml"
    trouble.parent.mkdir(parents=True)
    trouble.write_text('[faults]\n"batches.get" = ["status:503"]\n')
    events: list[Event] = []
    with Project.open(folder, backend="emulator", on_event=events.append) as project:
        run = downloaded(written(project))
        run.apply()
        run.report()
    assert capfd.readouterr() == ("", "")
    warned = [event.message for event in events if isinstance(event, Warned)]
    assert any("trying again in" in message for message in warned)


def is_served() -> bool:
    return "emulator" in {thread.name for thread in threading.enumerate()}


def test_the_emulator_goes_when_the_project_is_closed(folder: Path) -> None:
    with Project.open(folder, backend="emulator") as project:
        run = written(project)
        assert not is_served()  # nobody has needed it yet
        run.stage()
        assert is_served()
    assert not is_served()


@contextlib.contextmanager
def frozen() -> Iterator[None]:
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def test_a_plan_leaves_the_garbage_collector_as_it_was(project: Project) -> None:
    project.plan()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.disable()
    try:
        project.plan()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_plan_leaves_frozen_what_the_program_froze(project: Project) -> None:
    with frozen():
        before = gc.get_freeze_count()
        project.plan()
        assert gc.get_freeze_count() > before * 0.99
