"""What a command or a program works with: the project, the time, the story's lock, the service."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from chargen_batch import config, disk
from chargen_batch.core import asked_for
from chargen_batch.errors import ConfigError, StateError
from chargen_batch.model.bounds import Seconds
from chargen_batch.phases.effects import iso, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from chargen_batch.model.settings import Backend
    from chargen_batch.phases.effects import Tell
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.service.api import BatchService

# The embedded emulator takes any key; this one is nobody's.
_EMULATOR_KEY = "emulator"


def clock() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def suffix() -> str:
    """Return the random end of a run's id."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(4))


class Session:
    """A project that is worked with, and the services that were opened for it, closed at its end.

    Args:
        root: The project's folder.
        backend: The service to talk to; ``None`` leaves it to the settings, and to each run.
        lock_timeout_s: How long to wait for another process that holds a run or the story.
        repeats: Whether calls that fail are made again; without, each is made once.
        tell: Is told what happens, one event at a time.

    Raises:
        ConfigError: There is no such folder, its settings do not hold, or there is no such time.

    """

    clock = staticmethod(clock)

    def __init__(
        self,
        root: Path,
        *,
        backend: Backend | None = None,
        lock_timeout_s: float = 0.0,
        repeats: bool = True,
        tell: Tell = silent,
    ) -> None:
        asked_for.hold("lock_timeout_s", lock_timeout_s, Seconds)
        self.backend = backend
        self.lock_timeout_s = lock_timeout_s
        self._repeats = repeats
        self._tell = tell
        self.project = config.load(root, os.environ, {"batch.backend": backend})
        self._stack = contextlib.ExitStack()
        self._services: dict[str, BatchService] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the services; the next call that needs one opens it again."""
        self._services.clear()
        self._stack.close()

    @functools.cached_property
    def tell(self) -> Tell:
        """Return what is told of each event, one at a time."""
        from chargen_batch.phases import telling  # a command that only looks tells nothing

        return telling.Steady(telling.one_at_a_time(self._tell))

    @property
    def rehearsal_ok(self) -> bool:
        """Say whether the project's own configuration names the emulator."""
        by_file_alone = config.load(self.project.root, {}, {})
        return by_file_alone.settings.batch.backend == "emulator"

    @contextlib.contextmanager
    def story_held(
        self, command: str = "apply", *, given_up: Callable[[], bool] | None = None
    ) -> Iterator[None]:
        """Hold the story's lock: two applies never meet in its files.

        Args:
            command: What holds it.
            given_up: Says, while another command's end is waited for, whether it still need be.

        Raises:
            LockedError: Another command writes to this story.

        """
        folder = self.project.story_root / ".chargen"
        disk.make_directory(folder)
        disk.replace_if_changed(folder / ".gitignore", b"*\n", locked=False)
        from chargen_batch.run.lock import held  # most commands hold none, and it takes a while

        since, lock = iso(self.clock()), folder / "story.lock"
        wait = self.lock_timeout_s
        with held(lock, command=command, since=since, timeout_s=wait, given_up=given_up):
            yield

    def connect(self) -> BatchService:
        """Open the service that the settings name.

        Raises:
            ConfigError: There is no key.

        """
        return self._open(self.project.settings.batch.backend)

    def connect_to(self, run: RunDirectory) -> Callable[[], BatchService]:
        """Return what opens the service that a run was planned for, when it is first needed."""
        return lambda: self._connected(run)

    def _connected(self, run: RunDirectory) -> BatchService:
        """Open a run's service once.

        Raises:
            StateError: Another backend than the run's is asked for.
            ConfigError: There is no key, or the backend is not there.

        """
        planned_for = run.state().config.backend
        if self.backend not in {None, planned_for}:
            raise StateError(
                f"run {run.run_id} was planned for {planned_for}, not {self.backend}",
                hint=f"leave out --backend, or plan a new run with --backend {self.backend}",
            )
        if planned_for not in self._services:
            self._services[planned_for] = self._open(planned_for)
        return self._services[planned_for]

    def _open(self, backend: str) -> BatchService:
        if backend == "vertex":
            return self._vertex()
        from chargen_batch.service.keys import is_loopback, read_base_url, read_key

        base_url = read_base_url(os.environ)
        if backend == "emulator":
            if base_url and is_loopback(base_url):  # one that `chargen-batch emulator` serves
                return self._gemini(_EMULATOR_KEY, base_url, backend)
            return self._embedded()
        key = read_key(os.environ, self.project.root / ".env")
        if key is None:
            raise ConfigError(
                "there is no API key",
                hint="set GEMINI_API_KEY (or GOOGLE_API_KEY), or rehearse with --backend emulator",
            )
        return self._gemini(key, base_url, backend)

    def _embedded(self) -> BatchService:
        from chargen_batch.api import rehearsing
        from chargen_batch.emulator.server import serve

        state = self.project.root / ".chargen" / "emulator"
        trouble = rehearsing.trouble_of(state, tell=self.warn)
        emulator = self._stack.enter_context(serve(state, trouble=trouble))
        # It is on another port with every command, and the same service all along.
        return self._gemini(_EMULATOR_KEY, emulator.base_url, "emulator", known_as="embedded")

    def warn(self, line: str) -> None:
        """Tell of trouble that the work goes on through."""
        from chargen_batch.model.events import Warned

        self.tell(Warned(message=line))

    def _vertex(self) -> BatchService:
        from chargen_batch.api.extras import connect_to_vertex
        from chargen_batch.service.keys import VERTEX_BASE_URL_NAME, read_base_url

        base_url = read_base_url(os.environ, VERTEX_BASE_URL_NAME)
        service = connect_to_vertex(self.project.settings.vertex, base_url)
        return self._repeating(self._stack.enter_context(service))

    def _gemini(
        self, key: str, base_url: str | None, backend: str, known_as: str | None = None
    ) -> BatchService:
        from chargen_batch.service import gemini

        service = gemini.connect(
            api_key=key,
            base_url=base_url,
            backend=backend,
            trust_env=backend == "gemini",
            known_as=known_as,
        )
        return self._repeating(self._stack.enter_context(service))

    def _repeating(self, service: BatchService) -> BatchService:
        from chargen_batch.service.retry import Retrying

        return Retrying(service, tell=self.warn) if self._repeats else service
