"""The menu's guide: it shows the command that a choice stands for, runs it, says how it ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chargen_batch.cli import interruption, keyboard, typed, views
from chargen_batch.cli.menu_asking import say
from chargen_batch.cli.session import Session
from chargen_batch.config import STORY_FOLDERS, find_project
from chargen_batch.errors import BatchError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chargen_batch.cli.options import Common
    from chargen_batch.cli.plan_options import PlanOptions
    from chargen_batch.model.settings import Backend
    from chargen_batch.phases.history import RunLine
    from chargen_batch.phases.plan import PlanReport

    Main = Callable[[Sequence[str]], int]

_ENDS: Final[dict[int, str]] = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "this failed; what is above says why, and what was done is saved",
    ExitCode.USAGE: "that command was not understood",
    ExitCode.WRONG_PHASE: "nothing was done: something else comes first",
    ExitCode.SOME_TASKS_FAILED: "done, but some tasks failed: see Failed tasks",
    ExitCode.LOCKED: "another process is at work on this; try again in a while",
    ExitCode.PROBLEMS: "the files or the settings have problems; what is above says where",
    ExitCode.SERVICE: "the service refused or was not reached; nothing is lost, try again",
    ExitCode.WOULD_PLAN: "there is something to draw",
    ExitCode.BUG: "that is a bug of ours; please send us the log",
    ExitCode.NOT_READY: "not ready yet: Go on with a run takes it up again",
    ExitCode.INTERRUPTED: "interrupted; what was done is saved, and Go on with a run takes it up",
}
_GOOD: Final = frozenset({ExitCode.DONE})
_OPEN: Final = frozenset({ExitCode.SOME_TASKS_FAILED, ExitCode.NOT_READY, ExitCode.INTERRUPTED})


@dataclass(slots=True)
class Guide:
    """Where the menu works, and how it does what was chosen."""

    common: Common
    main: Main

    def run(self, *words: str) -> int:
        """Show a command, run it in this process, and say how it ended."""
        argv = [*words, *typed.options_of(self.common)]
        self.show(*words)
        try:
            code = self.main(argv)
        except KeyboardInterrupt:  # Ctrl-C while the command was ending already
            views.show_error(interruption.interrupted(), as_json=False, quiet=False)
            code = int(ExitCode.INTERRUPTED)
        self.tell(code)
        keyboard.forget_typed()
        return code

    def show(self, *words: str) -> None:
        """Print what would be typed for it."""
        say(f"\n$ {typed.shown([*words, *typed.options_of(self.common)])}", "typed")

    def tell(self, code: int) -> None:
        """Print how a command ended."""
        kind = "good" if code in _GOOD else "open" if code in _OPEN else "bad"
        say(f"-- {_ENDS.get(code, 'ended')} (exit code {code})", f"outcome-{kind}")

    def look(self, options: PlanOptions) -> PlanReport | None:
        """Show what a plan would be, as ``plan --dry-run`` does; ``None`` where it cannot be."""
        from chargen_batch.cli.plan_view import show_plan
        from chargen_batch.cli.session import suffix
        from chargen_batch.cli.story_commands import choices_of
        from chargen_batch.phases import plan as phase

        asked = replace(options, dry_run=True)
        self.show("plan", *typed.options_of(asked))
        try:
            with Session(self.common) as session:
                found = phase.run(
                    session.project, choices_of(asked), clock=session.clock, suffix=suffix
                )
        except BatchError as err:
            views.show_error(err, as_json=False, quiet=False)
            self.tell(err.exit_code)
            return None
        show_plan(found, self.common, asked, code=found.exit_code)
        self.tell(found.exit_code)
        keyboard.forget_typed()
        return found

    def history(self) -> tuple[RunLine, ...]:
        """Return every run that can be read, newest first."""
        from chargen_batch.phases import history

        with Session(self.common) as session:
            return history.run(session.project, clock=session.clock).runs[::-1]

    @property
    def root(self) -> Path:
        """Return the project's folder."""
        return self.common.project or find_project(Path.cwd())

    @property
    def has_story(self) -> bool:
        """Say whether anything of a story is there."""
        with Session(self.common) as session:
            return any((session.project.story_root / name).is_dir() for name in STORY_FOLDERS)

    @property
    def backend(self) -> Backend:
        """Return the service that commands talk to."""
        with Session(self.common) as session:
            return session.project.settings.batch.backend

    def is_strange_for(self, backend: str) -> bool:
        """Say whether pictures of a backend do not belong into this story: a rehearsal's."""
        with Session(self.common) as session:
            return backend == "emulator" and not session.rehearsal_ok

    def words_for_waiting(self, backend: str) -> tuple[str, ...]:
        """Return how to wait: the emulator is here, and asking it costs nothing."""
        return ("--wait", "--interval", "1") if backend == "emulator" else ("--wait",)


def run_title(run: RunLine) -> str:
    """Return a run as a line to choose."""
    failed = f", {run.failed} failed" if run.failed else ""
    what = run.scope if run.mode == "generate" else f"{run.mode} {run.scope}"
    rehearsal = ", rehearsal" if run.backend == "emulator" else ""
    return (
        f"{run.run_id}  {run.phase}, {run.completed}/{run.total} done{failed} ({what}{rehearsal})"
    )
