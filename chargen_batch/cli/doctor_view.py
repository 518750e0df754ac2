"""What doctor prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.cli.terminal import print_json, say, told_as

if TYPE_CHECKING:
    from chargen_batch.cli.options import Common
    from chargen_batch.phases.doctor import DoctorReport


def show_checks(report: DoctorReport, common: Common) -> None:
    """Print each check, and what to do where it is not well; with --quiet only these."""
    if common.json:
        from chargen_batch.cli.documents.overview import Doctor

        print_json(told_as(Doctor, report))
        return
    for check in report.checks:
        if check.level == "ok" and common.quiet:
            continue
        say(f"{check.level:7}  {check.name}: {check.seen}")
        if check.level != "ok" and check.advice:
            say(f"{'':7}  {check.advice}")
