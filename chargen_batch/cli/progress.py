"""Bars on a terminal: a step each, the service's jobs, and the time to the next look at them."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn
from rich.text import Text

from chargen_batch.cli import keyboard, terminal
from chargen_batch.cli.event_words import STEPS, amount, span, state_word
from chargen_batch.core.polling import has_ended
from chargen_batch.core.unseen import in_one_line
from chargen_batch.model import events

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType
    from rich.progress import Task

    from chargen_batch.model.events import Event, JobSeen

    Row = tuple[str | None, str]

_REFRESHES_PER_S: Final = 8
_WIDE: Final = 100
_NARROW: Final = 60
_BAR_WIDE: Final = 40
_BAR: Final = 20
# Lines of the terminal that the bars leave alone.
_LEFT_ALONE: Final = 4
# A rate that is shown has been measured for so long.
_RATE_AFTER_S: Final = 2.0
# The phase that has a row for each job; of what is created the number is enough.
_LOOKS_AT_JOBS: Final = "poll"


class _Remaining(ProgressColumn):
    """How long it may take still, where that can be told."""

    def render(self, task: Task) -> Text:
        """Return it in words."""
        if task.finished or (task.elapsed or 0) < _RATE_AFTER_S or not task.fields["is_timed"]:
            return Text("")
        left_s = task.time_remaining
        return Text("" if left_s is None else f"{span(left_s)} left", style="dim")


class Bars:
    """The bars of a command, on stderr; they are gone when it ends, and its last line says all."""

    def __init__(self, *, no_color: bool) -> None:
        self._console = Console(stderr=True, no_color=True if no_color else None)
        self._rows: dict[Row, TaskID] = {}
        self._runs: set[str | None] = set()
        self._most: dict[Row, int] = {}
        self._next_look: float | None = None
        self._command = ""
        self._live: Live | None = None
        self._bars = Progress(*self._columns(), console=self._console)

    def _columns(self) -> list[ProgressColumn]:
        """Return what a row has, by how wide the terminal is."""
        width = self._console.width
        words = TextColumn("{task.description}", markup=False)
        amount = TextColumn("{task.fields[amount]}", markup=False, style="progress.data.speed")
        if width < _NARROW:
            return [words, amount]
        bar = BarColumn(bar_width=_BAR_WIDE if width >= _WIDE else _BAR)
        return [words, bar, amount, _Remaining()] if width >= _WIDE else [words, bar, amount]

    def __call__(self, event: Event) -> None:
        """Show what an event says."""
        match event:
            case events.PhaseBegan():
                self._begin(event.command)
            case events.PhaseEnded():
                self._end()
            case events.Progress():
                self._show_step(event)
            case events.JobSeen() if self._command == _LOOKS_AT_JOBS:
                self._show_job(event)
            case events.Waiting():
                self._next_look = time.monotonic() + event.seconds
                self._start()
            case _:  # the command prints its warnings
                pass

    @property
    def tasks(self) -> Sequence[Task]:
        """Return the rows."""
        return self._bars.tasks

    def close(self) -> None:
        """Take the bars away."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()
            keyboard.unhush()
        if self._print in terminal.ABOVE:  # Ctrl-C comes between any two of these lines
            terminal.ABOVE.remove(self._print)

    def _start(self) -> None:
        if self._live is None:
            keyboard.hush()
            self._live = Live(
                console=self._console,
                get_renderable=self._rendered,
                transient=True,
                refresh_per_second=_REFRESHES_PER_S,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start(refresh=True)
            terminal.ABOVE.append(self._print)

    def _print(self, line: str) -> None:
        """Print a line above the bars."""
        self._console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)

    def _rendered(self) -> RenderableType:
        shown = self._console.height - _LEFT_ALONE
        tasks = self._bars.tasks
        if len(tasks) > shown:
            tasks = sorted(tasks, key=lambda task: task.finished)
        parts: list[RenderableType] = [self._bars.make_tasks_table(tasks[:shown])]
        if len(tasks) > shown:
            parts.append(Text(f"and {len(tasks) - shown} more", style="dim"))
        if self._next_look is not None:
            left_s = max(0.0, self._next_look - time.monotonic())
            asks = f"asking again in {span(math.ceil(left_s))}" if left_s else "asking"
            parts.append(Text(f"{asks}; Ctrl-C stops waiting, the jobs go on", style="dim"))
        return Group(*parts)

    def _begin(self, command: str) -> None:
        self._next_look, self._command = None, command
        if command != _LOOKS_AT_JOBS:
            self._drop(lambda _name: True)

    def _end(self) -> None:
        """Take the bars away; those of jobs come back while the command waits."""
        self.close()
        self._drop(lambda name: not name.startswith("job"))

    def _drop(self, is_over: Callable[[str], bool]) -> None:
        for run_id, name in [row for row in self._rows if is_over(row[1])]:
            self._bars.remove_task(self._rows.pop((run_id, name)))

    def _show_step(self, event: events.Progress) -> None:
        self._show(
            (event.run_id, "jobs" if event.step == "jobs" else f"step {event.step}"),
            STEPS[event.step],
            amount(event),
            event.done,
            event.total,
            is_timed=event.step != "jobs",
        )

    def _show_job(self, event: JobSeen) -> None:
        counts = event.counts
        done = counts.succeeded + counts.failed
        total = counts.total or None
        row = (event.run_id, f"job {event.index}")
        done = max(done, self._most.get(row, 0))  # the service's counts may go back
        self._most[row] = done
        age = f", {span(event.age_s)}" if event.age_s else ""
        words = f"  job {event.index}, {state_word(event)}{age}"
        amount = f"{done} of {total} tasks" if total else ""
        if has_ended(event.state):
            done, total = max(done, 1), max(done, 1)
        self._show(row, words, amount, done, total, is_timed=False)

    def _show(
        self, row: Row, words: str, amount: str, done: int, total: int | None, *, is_timed: bool
    ) -> None:
        self._runs.add(row[0])
        if len(self._runs - {None}) > 1:
            words = f"{(row[0] or '')[-4:]} {words}"
        words, amount = in_one_line(words), in_one_line(amount)
        if row not in self._rows:
            self._rows[row] = self._bars.add_task(
                words, total=total, completed=done, amount=amount, is_timed=is_timed
            )
        else:
            self._bars.update(
                self._rows[row], description=words, completed=done, total=total, amount=amount
            )
        self._start()
