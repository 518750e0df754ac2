"""What run prints, and what it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from chargen_batch.cli import plan_view, terminal
from chargen_batch.cli.acted import exit_code
from chargen_batch.cli.overview_views import IF_PAID
from chargen_batch.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.cli.acted import Acted
    from chargen_batch.cli.options import Common
    from chargen_batch.cli.plan_options import PlanOptions
    from chargen_batch.phases.one_go import Unfinished
    from chargen_batch.phases.plan import PlanReport


def tell_unfinished(unfinished: Unfinished, common: Common) -> None:
    """Say which run comes first, and what comes behind it."""
    if common.quiet:
        return
    state = unfinished.state
    what = f"run {state.run_id} of {state.created_at}"
    where = "has no report yet" if state.is_finished else f"is {state.phase}"
    behind = "" if unfinished.is_asked_for else ", and what this command asks for comes after it"
    terminal.aside(f"{what} {where}: it is finished first{behind}")
    if unfinished.others:
        others = ", ".join(unfinished.others)
        terminal.aside(f"also unfinished, and left alone: {others} (chargen-batch resume --all)")


def tell_planned_before(run_id: str, common: Common) -> None:
    """Say that a run which was planned for just this is taken."""
    if not common.quiet:
        terminal.aside(f"run {run_id} was planned for just this, and is taken")


def tell_plan(report: PlanReport, common: Common, options: PlanOptions, *, table: bool) -> None:
    """Print the plan, but for scripts."""
    if not (common.json or common.quiet):
        plan_view.tell_plan(report, common, options, table=table)


def show_document(plan: PlanReport | None, acted: Sequence[Acted], note: str) -> NoReturn:
    """Print the one document, and end the command with the worst of its runs' codes."""
    from chargen_batch.cli.documents.one_go import run_document

    code = exit_code(acted)
    terminal.print_json(run_document(plan, acted, note, code))
    raise typer.Exit(code)


def may_ask(common: Common) -> bool:
    """Say whether a question would be heard."""
    return not common.json and not common.quiet and terminal.has_a_person()


def price(report: PlanReport, *, is_rehearsal: bool) -> str:
    """Return what a plan comes to, as the beginning of a sentence."""
    what = "analysing" if report.planned[0].task.kind == "analyze" else "drawing"
    doing = f"{what} {len(report.planned)} picture(s)"
    if is_rehearsal and report.cost.batch_usd is not None:
        return f"{doing}, {plan_view.money(report.cost.batch_usd)} {IF_PAID}"
    if is_rehearsal:
        return f"{doing} on the emulator costs nothing"
    if report.cost.batch_usd is None:
        return f"{doing} has an unknown price"
    return f"{doing} costs {plan_view.money(report.cost.batch_usd)}"


def ask_for_plan(report: PlanReport, *, is_rehearsal: bool, is_strange: bool) -> None:
    """Ask whether a plan may be paid for, and what is unusual of it.

    Args:
        report: The plan.
        is_rehearsal: Whether the emulator draws.
        is_strange: Whether it does so for a story whose configuration does not name it.

    Raises:
        Exit: It may not.

    """
    if is_strange:
        terminal.aside(
            "chargen.yaml does not name the emulator, and its placeholders would go into the "
            "story's files (chargen-batch revert takes them out again)."
        )
    told = price(report, is_rehearsal=is_rehearsal)
    _ask(f"{told[0].upper()}{told[1:]}. Go on?", default=is_rehearsal and not is_strange)


def ask_for_rehearsal(run_id: str) -> None:
    """Ask whether a run's placeholders may go into a story that does not name the emulator.

    Raises:
        Exit: They may not.

    """
    terminal.aside(
        f"run {run_id} is a rehearsal on the emulator, which chargen.yaml does not name "
        "(chargen-batch revert takes it out again)."
    )
    _ask("May its placeholders go into the story's files?", default=False)


def _ask(question: str, *, default: bool) -> None:
    if not terminal.confirmed(question, default=default):
        terminal.aside("nothing was submitted, and nothing is paid")
        raise typer.Exit(ExitCode.WRONG_PHASE)
