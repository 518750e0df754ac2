"""What explain and adopt print of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chargen_batch.cli.overview_views import IF_PAID
from chargen_batch.cli.plan_view import money
from chargen_batch.cli.terminal import aside, print_json, say, told_as

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.cli.options import Common
    from chargen_batch.phases.entering import AdoptReport
    from chargen_batch.phases.explanation import ExplainReport

_TOLD_BY: Final = {
    "picture": "its own bytes",
    "entry": "its entry",
    "run": "its run",
    "story": "the story",
}
_UNCHANGED: Final = {
    True: "unchanged since it was written",
    False: "changed since: these are other bytes",
    None: "",
}


def show_explanation(report: ExplainReport, common: Common) -> None:
    """Print where a picture came from: what is known, line by line; or all as JSON."""
    if common.json:
        from chargen_batch.cli.documents.pictures import Explain

        print_json(told_as(Explain, report))
        return
    for line in _lines(report):
        say(line)
    for warning in report.warnings:
        aside(f"warning: {warning}")


def show_adoption(report: AdoptReport, common: Common) -> None:
    """Print which target a picture stands for now."""
    if common.json:
        from chargen_batch.cli.documents.pictures import Adopt

        print_json(told_as(Adopt, report))
        return
    for warning in report.warnings:
        aside(f"warning: {warning}")
    if not common.quiet:
        say(_adopted(report))


def _adopted(report: AdoptReport) -> str:
    gone = "; the file that was given is gone" if report.moved else ""
    if not report.entered:
        return f"{report.target}: {report.picture} is its picture already, nothing changed{gone}"
    would = "would be " if report.dry_run else ""
    variant = f", variant {report.variant}" if report.variant > 1 else ""
    entered = f"{would}entered into {report.file} as {report.status}{variant}"
    return f"{report.target}: {report.picture}, {entered}{gone}"


def _lines(report: ExplainReport) -> Iterator[str]:
    yield _printable(report.file)
    size = f", {report.width} x {report.height}" if report.width else ""
    same = _UNCHANGED[report.unchanged]
    yield f"  {report.mime}{size}" + (f", {same}" if same else "")
    yield f"  told by {', '.join(_TOLD_BY[each] for each in report.known_by)}"
    yield from (f"  {name:<9}{_printable(text)}" for name, text in _facts(report) if text)
    if report.review_note:
        yield from _text("review note", "\n".join(map(_printable, report.review_note.split("\n"))))
    if report.prompt:
        yield from _text("prompt", report.prompt)
    elif report.prompt_sha256:
        yield f"\nprompt\n  not known any more; its SHA-256 was {_printable(report.prompt_sha256)}"
    if report.negative_prompt:
        yield from _text("negative prompt", report.negative_prompt)
    if report.references:
        yield "\nreferences"
        for each in report.references:
            yield f"  {each.role}: {each.path} ({each.now}, {each.sha256[:16]})"


def _printable(text: str) -> str:
    """Return a text without what would steer a terminal: a stranger's picture may say anything."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _facts(report: ExplainReport) -> Iterator[tuple[str, str]]:
    """Go through what is known in one line each, with its name."""
    title = f"  {report.title}" if report.title else ""
    yield "target", f"{report.target or ''}{title}".strip()
    if report.now:
        key = "its key is the same" if report.now.same_key else "its key is another now"
        yield (
            "now",
            f"{report.now.state}: {report.now.reason}" + (f" ({key})" if report.task_key else ""),
        )
    yield "key", report.task_key or ""
    yield "drawn as", report.drawn_as or ""
    yield "entry", _place(report)
    shape = (report.model, report.aspect_ratio, report.image_size)
    yield "model", ", ".join(filter(None, shape))
    made_by = f"another tool: {report.made_elsewhere} names it" if report.made_elsewhere else ""
    yield "made by", report.provider or made_by
    yield "run", _run(report)
    yield "when", report.at or ""
    yield "cost", _cost(report)


def _place(report: ExplainReport) -> str:
    if report.place is None:
        return ""
    line = f":{report.place.line}" if report.place.line else ""
    said = (report.status, f"variant {report.variant}" if report.variant else None)
    words = ", ".join(filter(None, said))
    return f"{report.place.file}{line}  [{report.place.yaml_path}]" + (f"  {words}" * bool(words))


def _run(report: ExplainReport) -> str:
    if report.run_id is None:
        return ""
    gone = "" if report.run_is_here else " (its folder is not here)"
    job = f", job {report.job}" if report.job is not None else ""
    name = f" {report.job_name}" if report.job_name else ""
    return f"{report.run_id}{gone}{job}{name}"


def _cost(report: ExplainReport) -> str:
    if report.cost is None:
        return ""
    how = "as counted" if report.cost.counted else "as estimated"
    rehearsed = f" {IF_PAID}" if report.cost.rehearsal else ""
    return f"{money(report.cost.usd)} by batch{rehearsed}, {how}"


def _text(name: str, text: str) -> Iterator[str]:
    yield f"\n{name}"
    yield from (f"  {line}".rstrip() for line in text.split("\n"))
