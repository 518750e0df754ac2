"""Worlds whose service is Vertex AI: the emulator of it, and that of Cloud Storage."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chargen_batch.emulator.jobs import Pace
from tests.accounts import account_file
from tests.killing import world
from tests.killing.scenarios import SETTINGS
from tests.killing.world import Service, World
from tests.killing.worlds import Worlds
from tests.storage import BUCKET, Storage, storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tests.killing.watching import Event
    from tests.killing.world import Zygote

CALLS: Final = ("send", "answer")
VERTEX: Final = f"{SETTINGS}, backend: vertex"
# Of a larger job there are two files of results.
ROWS_PER_SHARD: Final = 50


class VertexService(Service):
    """Both emulators: the bucket of each world lies with its jobs."""

    storage: Storage

    def show(self, folder: Path) -> None:
        """Serve another state from here on."""
        if self.emulator.world.root == folder:
            return
        super().show(folder)
        shown = self.emulator.world
        shown.behaviour = replace(shown.behaviour, rows_per_shard=ROWS_PER_SHARD)
        self.storage.show(folder / "bucket")
        self.storage.rules.backend.make_bucket(BUCKET)
        shown.storage = self.storage.direct_url


class VertexWorld(World):
    """A world of which there are many copies."""

    def copy(self, folder: Path) -> World:
        """Return a world that goes its own way from here.

        The story's own files are shared: if a command wrote into one of them instead of putting
        another in its place, all that is compared with its start would be other from then on.
        """
        own = f"{self.project}/.chargen/"

        def copied(source: str, target: str) -> None:
            is_story = source.startswith(f"{self.project}/") and not source.startswith(own)
            (os.link if is_story else shutil.copy2)(source, target)

        shutil.copytree(self.folder, folder, symlinks=True, copy_function=copied)
        return replace(self, folder=folder, environ=dict(self.environ))

    def _text(self, path: Path, plan: str) -> str:
        # What is still shared is as it was, which need not be read each time.
        return "untouched" if path.stat().st_nlink > 1 else super()._text(path, plan)


class VertexWorlds(Worlds):
    """Worlds whose commands are told where the emulators are."""

    environ: dict[str, str]

    def new_world(self, folder: Path) -> World:
        """Return a world in a folder."""
        made = VertexWorld(folder, self.zygote, self.service, self.service.now)
        made.environ.update(self.environ)
        return made

    def stored(self, shown: World) -> list[str]:
        """Return the names of what is in a world's bucket."""
        assert isinstance(self.service, VertexService)
        self.service.show(shown.folder / "service")
        return self.service.storage.names()


@contextlib.contextmanager
def vertex_worlds(
    tmp_path_factory: pytest.TempPathFactory, zygote: Zygote
) -> Iterator[VertexWorlds]:
    """Give what makes worlds, on two emulators of their own."""
    folder = tmp_path_factory.mktemp("vertex")
    with contextlib.ExitStack() as running:
        bucket = running.enter_context(storage(folder / "storage", lasting=True))
        emulated = running.enter_context(world.service(folder / "nothing", Pace(0, 1)))
        service = VertexService(emulated.emulator, emulated.now, emulated.pace)
        service.storage = bucket
        worlds = VertexWorlds(tmp_path_factory.mktemp("worlds"), zygote, service)
        worlds.environ = {
            "STORAGE_EMULATOR_HOST": bucket.base_url,
            "GOOGLE_VERTEX_BASE_URL": service.emulator.base_url,
            "GOOGLE_APPLICATION_CREDENTIALS": str(account_file(folder, service.emulator.base_url)),
            "CHARGEN_VERTEX__PROJECT": "a-project",
            "CHARGEN_VERTEX__BUCKET": BUCKET,
        }
        yield worlds


def calls(events: list[Event]) -> list[Event]:
    """Return each moment before a call leaves, and before its answer is seen."""
    return [event for event in events if event.kind in CALLS]


def kill_at_call(killed: World, command: str, number: int) -> None:
    """Kill a command at its n-th such moment: which call that is, its threads settle."""
    assert killed.kill(command, number, of=CALLS), f"it made less than {number} calls"


def paid(killed: World) -> list[int]:
    """Return how often the service was made to create each job of the run."""
    names = [job["displayName"] for job in killed.state["jobs"] if job.get("displayName")]
    return [sum(job.endswith(f" {name}") for job in killed.created) for name in names]
