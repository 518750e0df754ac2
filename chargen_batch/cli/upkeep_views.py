"""What cancel, retry and cleanup print of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeGuard, cast

from chargen_batch.cli.terminal import confirmed, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chargen_batch.cli.acted import Acted, Report
    from chargen_batch.phases.cancel import CancelReport
    from chargen_batch.phases.cleanup import CleanupReport
    from chargen_batch.phases.prune import PruneReport
    from chargen_batch.phases.retry import RetryReport
    from chargen_batch.phases.revert import RevertReport


def asks_to_stop(jobs: int, run_id: str) -> bool:
    """Ask whether jobs that are at work may be stopped."""
    question = f"Stop {jobs} job(s) of run {run_id}? What was done of them may be lost"
    return _agrees(question)


def asks_to_take_out(count: int, run_id: str) -> bool:
    """Ask whether a run's results may be taken out of the story."""
    return _agrees(f"Take {count} result(s) of run {run_id} out of the story?")


def _agrees(question: str) -> bool:
    """Say whether a person agrees; one who is gone does not."""
    try:
        return confirmed(question)
    except EOFError:
        return False


def print_children(acted: Sequence[Acted]) -> None:
    """Print the ids of the runs that retry made, and nothing else: for scripts."""
    for each in acted:
        child = getattr(each.result, "child", None)
        if child:
            put(child)


def _cancel_line(report: CancelReport) -> str:
    if report.was_over:
        return f"{report.phase}, nothing to cancel"
    if report.exit_code:
        parts = [f"{report.phase}, not stopped yet:"]
        if report.stopping:
            parts.append(f"{report.stopping} job(s) are still at work;")
        if report.unknown:
            parts.append(f"of {report.unknown} job(s) it is not known yet whether they exist;")
        return " ".join([*parts, "type cancel again in a few minutes"])
    if report.phase == "downloading":
        stopped = f", {report.stopped} came to nothing" if report.stopped else ""
        return f"{report.phase}, {report.ended} job(s) have results, which are paid for{stopped}"
    return f"cancelled, {report.stopped} job(s) came to nothing"


def _retry_line(report: RetryReport) -> str:
    from chargen_batch.core.retrying import WHY

    lines = [_retried(report)]
    lines += [f"  {count} left out: {WHY[why]}" for why, count in report.left.items()]
    if report.refused:
        codes = ", ".join(f"{code} {count}" for code, count in sorted(report.refused.items()))
        lines.append(f"  {sum(report.refused.values())} not worth sending again: {codes}")
        lines.append("  (chargen-batch plan --retry-refused asks for them all the same)")
    return "\n".join(lines)


def _retried(report: RetryReport) -> str:
    if report.child is None:
        return "nothing to retry"
    if not report.retried:
        return f"nothing to retry beside run {report.child}, which was made before and not begun"
    usd = "an unknown amount" if report.cost_usd is None else f"about ${report.cost_usd:.2f}"
    return f"{report.retried} task(s) go into run {report.child}, {usd} by batch"


def _cleanup_line(report: CleanupReport | PruneReport) -> str:
    if _is_local(report):
        return _prune_line(report)
    return "\n".join(_cleaned(cast("CleanupReport", report)))


def _is_local(report: object) -> TypeGuard[PruneReport]:
    return hasattr(report, "is_removed")


def _cleaned(report: CleanupReport) -> Iterator[str]:
    what = f"{len(report.files)} file(s) and {len(report.jobs)} job(s)"
    if report.dry_run:
        yield f"{report.phase}, would remove {what} from the service"
        yield from (f"  {name}" for name in (*report.files, *report.jobs))
    elif report.files or report.jobs:
        yield f"{report.phase}, {what} removed from the service"
    else:
        yield f"{report.phase}, nothing to remove from the service"
    yield from (f"  kept: {line}" for line in report.kept)


def _prune_line(report: PruneReport) -> str:
    if report.kept:
        return f"kept, {report.kept}"
    return "would be removed from this machine" if report.dry_run else "removed from this machine"


def _revert_line(report: RevertReport) -> str:
    if not (report.reverted or report.left or report.problems):
        return f"{report.phase}, nothing to revert"
    would = "would be taken" if report.dry_run else "taken"
    lines = [f"{report.phase}, {len(report.reverted)} result(s) {would} out of the story"]
    lines += [f"  {key}" for key in report.reverted if report.dry_run]
    lines += [f"  left: {each.key}: {each.why}" for each in report.left]
    lines += [f"  kept: {path}, which something else names" for path in report.kept]
    return "\n".join(lines)


LINES: Final[dict[str, Callable[..., str]]] = {
    "cancel": _cancel_line,
    "retry": _retry_line,
    "cleanup": _cleanup_line,
    "revert": _revert_line,
}


def names_next(command: str, report: Report) -> bool:
    """Say whether what comes after a report is worth naming: a cancel that waits comes again."""
    if command == "revert":
        return bool(getattr(report, "reverted", ())) and not getattr(report, "dry_run", False)
    return command != "cleanup" and not (command == "cancel" and report.exit_code)
