"""What the commands print; with plan_view and terminal the only place that does."""

from __future__ import annotations

import contextlib
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, cast

import typer

from chargen_batch.cli import upkeep_views
from chargen_batch.cli.acted import exit_code
from chargen_batch.cli.problem_formats import text_of
from chargen_batch.cli.report_view import report_lines
from chargen_batch.cli.resume_view import follows, resume_line, run_line
from chargen_batch.cli.terminal import aside, print_json, say
from chargen_batch.errors import BatchError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chargen_batch.cli.acted import Acted, Report
    from chargen_batch.cli.options import Common
    from chargen_batch.phases.apply import ApplyReport
    from chargen_batch.phases.download import DownloadReport
    from chargen_batch.phases.poll import PollReport
    from chargen_batch.phases.resume import ResumeReport
    from chargen_batch.phases.stage import StageReport
    from chargen_batch.phases.submit import SubmitReport

_NEXT = {
    "planned": "stage",
    "staged": "submit",
    "submitted": "poll --wait",
    "running": "poll --wait",
    "downloading": "download",
    "applying": "apply",
    "completed": "report",
    "failed": "report",
}


def show_waiting(
    acted: Sequence[Acted],
    news: Sequence[Acted],
    sleep_s: float,
    common: Common,
    *,
    has_bars: bool = False,
) -> None:
    """Print between two rounds of --wait how far the runs are, where no bars show that.

    Of trouble only the news.
    """
    if common.quiet or common.json:
        return
    for each in acted:
        if isinstance(each.result, BatchError):
            if each in news:
                aside(f"warning: run {each.run_id}: {each.result.message}; waiting all the same")
            continue
        if has_bars:
            continue
        if hasattr(each.result, "live_jobs"):
            line = resume_line(cast("ResumeReport", each.result))
        elif hasattr(each.result, "live"):
            line = _poll_line(cast("PollReport", each.result))
        else:
            line = _submit_line(cast("SubmitReport", each.result))
        aside(f"run {each.run_id}: {line}; asking again in {_rounded(sleep_s)} s")


def _rounded(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2g}"  # noqa: PLR2004


def show_error(error: BatchError, *, as_json: bool, quiet: bool, argv: Sequence[str] = ()) -> None:
    """Print an expected error: one line, and a hint; its problems before it.

    As JSON it is a document of the command that ``argv`` types.
    """
    if as_json:
        from chargen_batch.cli.documents.base import error_document

        print_json(error_document(error, argv))
        return
    if error.exit_code is ExitCode.NOT_READY and quiet:
        return
    for problem in getattr(error, "problems", ()):
        aside(text_of(problem))
    aside(f"error: {error.message}")
    if error.hint:
        aside(f"hint: {error.hint}")


def show_bug(bug: Exception, log: Path, argv: Sequence[str]) -> None:
    """Print a bug of ours: one line, and where its traceback is; a document too with --json."""
    name = type(bug).__name__
    if "--json" in argv:
        from chargen_batch.cli.documents.base import bug_document

        with contextlib.suppress(OSError):  # stdout may be what is broken
            print_json(bug_document(name, log, argv))
    aside(f"error: a bug in chargen-batch ({name}); please report it with {log}")


def announce_emulator(url: str) -> None:
    """Print where the emulator listens."""
    typer.echo(f"emulator: {url}")
    aside(f"hint: export GOOGLE_GEMINI_BASE_URL={url}, and give --backend emulator")


def finish(command: str, acted: Sequence[Acted], note: str, common: Common) -> NoReturn:
    """Print what became of the runs, and end the command with the worst of their codes."""
    code = exit_code(list(acted))
    if common.json:
        from chargen_batch.cli.documents.runs import runs_document

        print_json(runs_document(command, acted, note, code))
        raise typer.Exit(code)
    if note and not common.quiet:
        say(note)
    for each in acted:
        if isinstance(each.result, BatchError):
            show_error(each.result, as_json=False, quiet=common.quiet)
        else:
            for problem in getattr(each.result, "problems", ()):
                aside(f"error: {problem}")
            if hint := getattr(each.result, "hint", ""):
                aside(f"hint: {hint}")
            if not common.quiet:
                _show_report(command, each.result, common)
        if each.on_done:
            aside(f"warning: the command of --on-done ended with {each.on_done}: {each.run_id}")
    raise typer.Exit(code)


def _show_report(command: str, report: Report, common: Common) -> None:
    """Print one run's report, its warnings aside, and the command to type next."""
    shows: dict[str, Any] = {
        "stage": _stage_line,
        "submit": _submit_line,
        "poll": _poll_line,
        "download": _download_line,
        "apply": _apply_line,
        "report": partial(report_lines, whole=common.verbose),
        "resume": resume_line,
        "run": partial(run_line, whole=common.verbose),
        **upkeep_views.LINES,
    }
    for warning in getattr(report, "warnings", ()):
        aside(f"warning: {warning}")
    say(f"run {report.run_id}: {shows[command](report)}")
    following = _NEXT.get(getattr(report, "phase", ""))
    if getattr(report, "is_cancelling", False):
        following = f"cancel --run {report.run_id}"
    elif getattr(report, "may_submit", False):
        following = f"submit --run {report.run_id}"
    elif getattr(report, "may_download", False):
        following = f"download --run {report.run_id}"
    elif command == "apply" and getattr(report, "reverted", False):
        following = None  # its hint has said what
    elif command == "revert":
        following = f"report --run {report.run_id}"
    if command in {"resume", "run"}:  # they type the next one themselves
        following = follows(report, common.backend)
    if following and following.split()[0] != command:
        if not upkeep_views.names_next(command, report):
            return
        aside(f"hint: next, type: chargen-batch {following}")


def _stage_line(report: StageReport) -> str:
    if not report.uploaded:
        return f"{report.phase}, nothing to stage"
    left = f", {len(report.changed)} reference(s) changed since the plan" if report.changed else ""
    size = report.uploaded_bytes / 1e6
    sent = f"{report.uploaded} file(s) uploaded ({size:.1f} MB)"
    return f"staged, {report.job_count} job(s), {sent}{left}"


def _submit_line(report: SubmitReport) -> str:
    done = f"{report.phase}, {len(report.created)} job(s) created"
    if report.adopted:
        done += f", {len(report.adopted)} found on the service"
    if report.rejected:
        done += f", {len(report.rejected)} refused"
    return done + (f", {report.open_jobs} waiting" if report.open_jobs else "")


def _poll_line(report: PollReport) -> str:
    if report.was_over:
        return f"{report.phase}, nothing to poll"
    requests = sum(getattr(job, "request_count", 0) for job in report.jobs)
    counts = [job.counts for job in report.jobs if hasattr(job, "counts")]
    ready = sum(count.succeeded + count.failed for count in counts)
    done = f"{ready} of {requests} request(s) done"
    if report.waiting:
        done += f", {report.waiting} job(s) waiting to be submitted"
    if not report.live:
        return f"{report.phase}, every job that was created has ended, {done}"
    at_work = f"{report.phase}, {report.live} of {len(report.jobs)} job(s) at work"
    oldest = report.ages[0]
    age = f"the oldest is {_span(oldest.age_s)} old and ends by {oldest.deadline}"
    return f"{at_work}, {done}; {age}"


def _span(seconds: int) -> str:
    minutes = seconds // 60
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004


def _download_line(report: DownloadReport) -> str:
    ready = "ready to apply, " if report.phase == "applying" else f"{report.phase}, "
    return f"{ready}{len(report.files)} result file(s) fetched ({report.size / 1e6:.1f} MB)"


def _apply_line(report: ApplyReport) -> str:
    line = f"{report.phase}, {report.completed} done, {report.failed} failed"
    if report.reverted:
        line += f", {report.reverted} taken out again"
    if not report.restored:
        return line
    back = (f"  restored: {key}" for key in report.restored)
    return "\n".join([f"{line}, {len(report.restored)} put back into the story", *back])


def open_page(page: Path) -> None:
    """Open a report's page in the browser; where there is none, as over ssh, say where it is."""
    import webbrowser

    page = page.absolute()  # its links go by the project, wherever its folder is linked from
    if not (_has_screen() and webbrowser.open(page.as_uri())):
        aside(f"hint: there is no browser to open here; the page is {page}")


def _has_screen() -> bool:
    """Say whether a browser would come up before the person: else a text browser would, in here."""
    if os.environ.get("BROWSER"):
        return True
    if sys.platform in {"darwin", "win32"}:
        return "SSH_CONNECTION" not in os.environ
    names = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
    return any(os.environ.get(name) for name in names)
