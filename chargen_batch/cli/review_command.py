"""Looking through what was drawn, in a browser: approving, rejecting, writing notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chargen_batch.cli import interruption, review_view
from chargen_batch.cli.options import Common, RunOption
from chargen_batch.cli.terminal import has_a_person
from chargen_batch.errors import BatchError, UsageError

if TYPE_CHECKING:
    from chargen_batch.cli.session import Session
    from chargen_batch.review.server import Served


def review(
    common: Common,
    run: RunOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Show those that are decided too, not drafts alone.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, metavar="N", help="The port; 0 takes a free one.")
    ] = 0,
    opens: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open the page in the browser.  [default: where a person is at the terminal]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Approve or reject what was drawn, picture by picture, in a browser."""
    if common.json:
        raise UsageError(
            "review is for people, and has no --json",
            hint="what was decided is in the story's files: see status --story --json",
        )
    from chargen_batch.cli.session import Session
    from chargen_batch.phases.review import Desk
    from chargen_batch.review.server import run_forever

    with Session(common) as session:
        desk = Desk(
            session.project,
            lambda: session.story_held("review", given_up=lambda: desk.has_ended),
            _named(session, run),
        )
        desk.every = every
        count = len(desk.pictures())
        review_view.show_problems(desk.problems)
        if not count:
            review_view.show_nothing(desk)
            return

        def announce(served: Served) -> None:
            review_view.show_served(served, count, common)
            if has_a_person() if opens is None else opens:
                review_view.open_in_browser(served)

        try:
            run_forever(desk, port, announce)
        except KeyboardInterrupt:  # the way in which it is ended
            interruption.interrupted()
            interruption.watch()
        except OSError as err:
            raise BatchError(
                f"cannot listen on 127.0.0.1:{port}: {err.strerror}", hint="leave out --port"
            ) from err
        review_view.show_ended(desk.report(), common)


def _named(session: Session, name: str | None) -> str | None:
    """Return the id of the run that was asked for, if one was."""
    from chargen_batch.run import runs

    if name is None:
        return None
    (run,) = runs.select(session.project.runs_dir, "review", name).runs
    return run.run_id
