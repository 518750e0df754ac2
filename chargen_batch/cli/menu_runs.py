"""The menu's ways to the runs there are: going on, looking back, sending again, review, report."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from chargen_batch.cli.menu_asking import Item, WentBackError, agrees, pick, say
from chargen_batch.cli.menu_drawing import draw
from chargen_batch.cli.menu_guide import run_title
from chargen_batch.cli.overview_views import IF_PAID, usd
from chargen_batch.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chargen_batch.cli.menu_guide import Guide
    from chargen_batch.model.outcome import TaskError
    from chargen_batch.phases.history import RunLine

_ALL = "all"


def go_on(guide: Guide) -> None:
    """Take up a run where it was left."""
    from chargen_batch.run import resumable

    with Session(guide.common) as session:
        found = resumable.every(session.project.runs_dir)
    unpaid, known = {run.run_id for run in found.unpaid}, guide.history()
    lines = [run for run in known if run.run_id in {each.run_id for each in found.all}]
    if not lines:
        say("Every run has ended: there is nothing to go on with.")
        return
    items = [Item(run_title(run), run.run_id) for run in lines]
    if len(found.runs) > 1:
        items.append(Item(f"All {len(found.runs)} that were submitted", _ALL))
    chosen = lines[0].run_id if len(items) == 1 else pick("Go on with which run?", items)
    if chosen == _ALL:
        guide.run("resume", "--all", "--wait")
    else:
        run = next(run for run in lines if run.run_id == chosen)
        finish(guide, run, is_unpaid=run.run_id in unpaid)


def finish(guide: Guide, run: RunLine, *, is_unpaid: bool) -> None:
    """Bring a run to its end; what is to be paid for, or is strange, is asked for before."""
    words = ["resume", "--run", run.run_id, *guide.words_for_waiting(run.backend)]
    is_rehearsal = run.backend == "emulator"
    question = ""
    if is_unpaid and not is_rehearsal:
        question = f"It was not submitted yet, and costs about {usd(run.estimate_usd)}. Spend that?"
    elif is_rehearsal and guide.is_strange_for(run.backend):
        question = "chargen.yaml does not name the emulator. Let placeholders into this story?"
    if question and not agrees(question, yes="Yes, go on"):
        return
    guide.run(*words, *(["--yes"] if question or is_unpaid else []))


def look_back(guide: Guide) -> None:
    """Show what was done, and what it cost."""
    guide.run("runs")
    while _looked_at(guide):
        pass


def _looked_at(guide: Guide) -> bool:
    """Show one thing more; say whether to go on."""
    ways = [
        Item("Look at one run", "run", "l"),
        Item("What was spent, by month", "cost", "w"),
        Item("How far the story is, character by character, place by place", "story", "h"),
        Item("Back", "", "b"),
    ]
    match pick("More?", ways):
        case "run":
            _look_at_run(guide)
        case "cost":
            guide.run("runs", "--cost")
        case "story":
            guide.run("status", "--story")
        case _:
            return False
    return True


def _look_at_run(guide: Guide) -> None:
    with suppress(WentBackError):
        run = _one_of(guide.history(), "Which run?")
        if run:
            guide.run("status", "--run", run.run_id)


def failed(guide: Guide) -> None:
    """Show what failed in a run, and send again what may pass."""
    known = [run for run in guide.history() if run.failed]
    run = _one_of(known, "What failed in which run?", nothing="No task has failed.")
    if run is None:
        return
    guide.run("report", "--run", run.run_id)
    errors = _errors(guide, run.run_id)
    may_pass = sum(error.retryable for error in errors.values())
    items = [Item("Look at one of them", "show", "l")]
    if may_pass:
        items.insert(0, Item(f"Send again what may pass ({may_pass})", "retry", "s"))
    if may_pass < len(errors):
        refused = len(errors) - may_pass
        items.append(Item(f"Ask once more for what was refused ({refused})", "refused", "a"))
    match pick("And now?", [*items, Item("Back", "", "b")]):
        case "retry":
            _retry(guide, run)
        case "show":
            keys = [Item(f"{key}  {error.code}", key) for key, error in errors.items()]
            guide.run("show", pick("Which one?", keys), "--run", run.run_id)
        case "refused":
            draw(guide, "analyze" if run.mode == "analyze" else "generate", retry_refused=True)
        case _:
            return


def _errors(guide: Guide, run_id: str) -> dict[str, TaskError]:
    from chargen_batch.run.directory import RunDirectory
    from chargen_batch.run.ledgers import dead

    with Session(guide.common) as session:
        return dict(dead(RunDirectory(session.project.runs_dir / run_id)))


def _retry(guide: Guide, parent: RunLine) -> None:
    """Make a run of what may pass, and offer to submit it."""
    if guide.run("retry", "--run", parent.run_id):
        return
    children = [run for run in guide.history() if run.parent_run_id == parent.run_id]
    child = next((run for run in children if run.phase == "planned"), None)
    if child is None:
        return
    cost = f"for {usd(child.estimate_usd)}"
    if child.backend == "emulator":
        cost = f"{usd(child.estimate_usd)} {IF_PAID}"
    question = f"{child.total} task(s) are planned again, {cost}. Submit them?"
    if agrees(question, yes="Yes, go on", no="Not now", default=child.backend == "emulator"):
        wait = guide.words_for_waiting(child.backend)
        guide.run("resume", "--run", child.run_id, *wait, "--yes")


def review(guide: Guide) -> None:
    """Let what was drawn be looked through in a browser."""
    items: list[Item[tuple[str, ...]]] = [
        Item("Every picture that nobody has decided on", (), "e"),
        Item("All pictures, decided on or not", ("--all",), "a"),
        Item("One run's", ("--run",), "o"),
    ]
    words = pick("Review which pictures?", items)
    if words == ("--run",):
        run = _one_of(guide.history(), "Which run's?")
        if run is None:
            return
        words = ("--run", run.run_id)
    say("Press Ctrl-C here when you are through: every decision is saved at once.")
    guide.run("review", *words)


def report(guide: Guide) -> None:
    """Write a run's report, and show it."""
    run = _one_of(guide.history(), "Which run's report?")
    if run is None:
        return
    opens = pick(
        "How?", [Item("In the browser", True, "b"), Item("Here, its summary alone", False, "h")]
    )
    guide.run("report", "--run", run.run_id, *(["--open"] if opens else []))


def _one_of(known: Sequence[RunLine], question: str, *, nothing: str = "") -> RunLine | None:
    """Let a run be chosen, the only one without a question; ``None`` where there is none."""
    if not known:
        say(nothing or "There is no run yet.")
        return None
    items = [Item(run_title(run), run.run_id) for run in known]
    chosen = known[0].run_id if len(known) == 1 else pick(question, items)
    return next(run for run in known if run.run_id == chosen)
