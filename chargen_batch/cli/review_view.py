"""What review prints: where it is served, and what was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from chargen_batch.cli.terminal import aside, has_a_person

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chargen_batch.cli.options import Common
    from chargen_batch.errors import Problem
    from chargen_batch.phases.review import Desk, ReviewReport
    from chargen_batch.review.server import Served


def show_problems(problems: Iterable[Problem]) -> None:
    """Say which files cannot be read: their pictures are not shown."""
    for problem in problems:
        aside(f"warning: {problem}")


def show_nothing(desk: Desk) -> None:
    """Say that there is nothing to decide."""
    where = f"run {desk.run_id}" if desk.run_id else "the story"
    if desk.every:
        aside(f"nothing to review: {where} has no picture that was drawn here")
    else:
        aside(f"nothing to review: {where} has no draft; --all shows what is decided too")


def show_served(served: Served, count: int, common: Common) -> None:
    """Say where the page is: a link that lets in whoever has it, on this machine."""
    if not common.quiet:
        noun = "picture" if count == 1 else "pictures"
        aside(f"{count} {noun} to review; each decision is saved at once. Ctrl-C ends the review.")
    typer.echo(served.link)


def open_in_browser(served: Served) -> None:
    """Open the page, by a link that is good for one time: others may read what is started here."""
    import threading
    import webbrowser

    # Apart: some browsers run in the foreground, and the page is served only after this.
    threading.Thread(
        target=webbrowser.open, args=(served.link_for_once(),), name="browser", daemon=True
    ).start()


def show_ended(report: ReviewReport, common: Common) -> None:
    """Say what was decided, and what to type next."""
    if common.quiet:
        return
    if has_a_person():
        aside("")  # the terminal has shown ^C on this line
    aside(f"review ended: {report.approved} approved, {report.rejected} rejected")
    if report.next_command:
        backend = f" --backend {common.backend}" if common.backend else ""
        aside(f"hint: next, type: chargen-batch {report.next_command}{backend}")
