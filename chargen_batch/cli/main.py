"""The one error boundary: expected errors become one line and an exit code, bugs a log."""

from __future__ import annotations

import gc
import io
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from chargen_batch.cli import interruption
from chargen_batch.errors import BatchError, ExitCode, UsageError, of_the_system

if TYPE_CHECKING:
    from collections.abc import Sequence

# Between two goes of the garbage collector: a start makes many objects, and hardly a cycle.
ALLOCATIONS: Final = 100_000


def entry_point() -> NoReturn:
    """Run the command line and leave."""
    gc.set_threshold(ALLOCATIONS)
    _open_streams()
    interruption.watch()
    code = main(sys.argv[1:])
    gc.freeze()  # all goes with the process: nobody need look for cycles in it
    raise SystemExit(code)


def _open_streams() -> None:
    """Let every stream be there, and print whatever letters: a cron may have closed what it likes.

    The first file that is opened would take the number of a stream that is not there.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            from chargen_batch import disk

            setattr(sys, name, disk.nowhere(number))
        if number and isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code.

    An expected error is one line ``error: ...`` and a second ``hint: ...`` on stderr; a bug is one
    line with the path of a log that has the traceback, and 70.
    """
    interruption.begin(argv)
    try:
        return _run(argv)
    except KeyboardInterrupt:
        error: BatchError = interruption.interrupted()
    except BatchError as err:
        error = err
    except OSError as err:
        error = of_the_system(err)
    except Exception as bug:  # noqa: BLE001 - the boundary: whatever comes here is ours
        return _report_bug(bug, argv)
    return _tell(error, argv)


def _run(argv: Sequence[str]) -> int:
    from chargen_batch.cli.app import app

    try:
        app(args=list(argv), prog_name="chargen-batch", obj=main)  # the menu types commands too
    except SystemExit as end:
        code = int(end.code or 0)
        if code == ExitCode.INTERRUPTED:  # Typer's own word for Ctrl-C
            raise KeyboardInterrupt from None
        if code == ExitCode.USAGE and "--json" in argv:
            raise UsageError("wrong usage", hint="see stderr, or --help") from None
        return code
    return int(ExitCode.DONE)


def _tell(error: BatchError, argv: Sequence[str]) -> int:
    from chargen_batch.cli import views

    quiet = "--quiet" in argv or "-q" in argv
    try:
        views.show_error(error, as_json="--json" in argv, quiet=quiet, argv=argv)
    except OSError:  # stdout is gone or full; stderr may not be
        views.show_error(error, as_json=False, quiet=quiet)
    return int(error.exit_code)


def _report_bug(bug: Exception, argv: Sequence[str]) -> int:
    import tempfile
    import traceback
    from pathlib import Path

    from chargen_batch import disk
    from chargen_batch.cli import views

    log = Path(tempfile.mkdtemp(prefix="chargen-batch-")) / "traceback.log"
    disk.replace(log, "".join(traceback.format_exception(bug)).encode())
    views.show_bug(bug, log, argv)
    return int(ExitCode.BUG)
