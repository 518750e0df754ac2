"""What a phase tells while it is at work, in order and one thing at a time; its log keeps some."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

import msgspec

from chargen_batch.errors import BatchError, ExitCode, of_the_system
from chargen_batch.model.events import PhaseBegan, PhaseEnded, Progress, Waiting, Warned
from chargen_batch.phases.effects import iso, silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chargen_batch.model.events import Event, Step, Unit
    from chargen_batch.phases.effects import Clock, Tell
    from chargen_batch.run.directory import RunDirectory


class _Report(Protocol):
    @property
    def run_id(self) -> str | None: ...

    @property
    def exit_code(self) -> ExitCode: ...


_Given = ParamSpec("_Given")
_Returned = TypeVar("_Returned", bound=_Report)
_Group = TypeVar("_Group", bound=Sized)
_OnRun = Callable[Concatenate["RunDirectory", _Given], _Returned]


def on_run(
    command: str, *, is_kept: bool = True
) -> Callable[[_OnRun[_Given, _Returned]], _OnRun[_Given, _Returned]]:
    """Let a phase on a run tell when it begins and ends, and keep what matters in the run's log.

    The phase takes ``clock`` and ``tell`` by name; what it tells comes one at a time, whichever
    thread tells it. One that goes through another passes its ``tell`` on, and each event is kept
    once; nothing is kept of one whose run's folder may be gone at its end.
    """

    def decorated(phase: _OnRun[_Given, _Returned]) -> _OnRun[_Given, _Returned]:
        @functools.wraps(phase)
        def told(run: RunDirectory, /, *args: _Given.args, **given: _Given.kwargs) -> _Returned:
            named = cast("dict[str, Any]", given)
            tell = named.get("tell", silent)
            if is_kept and getattr(tell, "run", None) != run:
                tell = _Kept(one_at_a_time(tell, functools.partial(_log, run, named["clock"])), run)
            named["tell"] = tell
            with _begun_and_ended(command, named["tell"], run.run_id) as end:
                report = phase(run, *args, **given)
                end(report)
            return report

        return told

    return decorated


def on_project(
    command: str, *, warns: bool = True
) -> Callable[[Callable[_Given, _Returned]], Callable[_Given, _Returned]]:
    """Let a phase without a run, or that makes one, tell when it begins and ends.

    It takes ``tell`` by name. Without ``warns`` its report's warnings were told before.
    """

    def decorated(phase: Callable[_Given, _Returned]) -> Callable[_Given, _Returned]:
        @functools.wraps(phase)
        def told(*args: _Given.args, **given: _Given.kwargs) -> _Returned:
            named = cast("dict[str, Any]", given)
            named["tell"] = one_at_a_time(named.get("tell", silent))
            with _begun_and_ended(command, named["tell"], None, warns=warns) as end:
                report = phase(*args, **given)
                end(report)
            return report

        return told

    return decorated


@contextlib.contextmanager
def _begun_and_ended(
    command: str, tell: Tell, run_id: str | None, *, warns: bool = True
) -> Iterator[Callable[[_Report], None]]:
    """Tell of the beginning, and of the end however it comes."""

    def end(report: _Report) -> None:
        for warning in getattr(report, "warnings", ()) if warns else ():
            tell(Warned(run_id=report.run_id, message=warning))
        phase = getattr(report, "phase", None)
        code = int(report.exit_code)
        tell(PhaseEnded(run_id=report.run_id, command=command, exit_code=code, phase=phase))

    tell(PhaseBegan(run_id=run_id, command=command))
    try:
        yield end
    except BaseException as err:
        told, code = _told_of(err)
        with contextlib.suppress(OSError):  # the disk may be what is wrong
            tell(PhaseEnded(run_id=run_id, command=command, exit_code=code, error=told))
        raise


def _told_of(error: BaseException) -> tuple[str, int]:
    """Return what is said of an error, and its exit code; of a bug only its kind."""
    if isinstance(error, OSError):
        error = of_the_system(error)
    if isinstance(error, BatchError):
        return error.message, int(error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", int(ExitCode.INTERRUPTED)
    return type(error).__name__, int(ExitCode.BUG)


def one_at_a_time(*tells: Tell) -> Tell:
    """Return what tells each of these, never from two threads at once."""
    lock = threading.RLock()

    def telling(event: Event) -> None:
        with lock:
            for tell in tells:
                tell(event)

    return telling


@dataclass(frozen=True, slots=True)
class _Kept:
    """Tells, and keeps what it tells in this run's log."""

    tell: Tell
    run: RunDirectory

    def __call__(self, event: Event) -> None:
        """Tell an event."""
        self.tell(event)


def _log(run: RunDirectory, clock: Clock, event: Event) -> None:
    """Keep an event in the run's log; of a step's progress only its end."""
    if isinstance(event, Waiting) or (isinstance(event, Progress) and not event.is_last):
        return
    facts = msgspec.to_builtins(event)
    facts.pop("runId", None)
    run.log(iso(clock()), facts.pop("event"), **facts)


class Steady:
    """Passes events on; the jobs' progress never goes back, though the service's counts may."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._most: dict[str | None, int] = {}

    def __call__(self, event: Event) -> None:
        """Pass an event on."""
        if isinstance(event, Progress) and event.step == "jobs":
            most = max(event.done, self._most.get(event.run_id, 0))
            self._most[event.run_id] = most
            event = msgspec.structs.replace(event, done=most)
        self._tell(event)


class Tally:
    """How far a step is: it grows, also from several threads, and each growth is told."""

    def __init__(
        self,
        tell: Tell,
        run_id: str | None,
        step: Step,
        unit: Unit,
        total: int | None,
        *,
        done: int = 0,
    ) -> None:
        self._tell, self._run_id = tell, run_id
        self._step, self._unit = step, unit
        self.total, self.done = total, done
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Tell where the step begins, unless there is nothing to do."""
        if self.total != 0:
            self._say("")

    def add(self, count: int, detail: str = "") -> None:
        """Go on by so much."""
        with self._lock:
            self.done += count
            self._say(detail)

    def reach(self, done: int, detail: str = "", *, total: int | None = None) -> None:
        """Go on to where ``done`` is, if that is further; a total that is known now is kept."""
        with self._lock:
            total = self.total if total is None else total
            if done > self.done or total != self.total:
                self.done, self.total = max(done, self.done), total
                self._say(detail)

    def each(self, groups: Iterable[_Group], name_of: Callable[[_Group], str]) -> Iterator[_Group]:
        """Go through groups of units, and on by each when it has been seen to."""
        for group in groups:
            yield group
            self.add(len(group), name_of(group))

    def _say(self, detail: str) -> None:
        self._tell(
            Progress(
                run_id=self._run_id,
                step=self._step,
                done=self.done,
                total=self.total,
                unit=self._unit,
                detail=detail,
            )
        )


class Arrivals:
    """The bytes of several files as they come; their total once the size of each is known."""

    def __init__(self, tell: Tell, run_id: str, files: int) -> None:
        self._tally = Tally(tell, run_id, "downloading", "bytes", None)
        self._files, self._lock = files, threading.Lock()
        self._sizes: dict[int, int] = {}
        self._totals: dict[int, int] = {}

    def came(self, file: int, size: int, total: int | None, *, name: str = "") -> None:
        """Tell that so much of a file is here: what is fetched anew does not go back."""
        with self._lock:
            self._sizes[file] = max(size, self._sizes.get(file, 0))
            if total is not None:
                self._totals[file] = max(total, self._sizes[file])
            whole = sum(self._totals.values()) if len(self._totals) == self._files else None
            self._tally.reach(sum(self._sizes.values()), name, total=whole)
