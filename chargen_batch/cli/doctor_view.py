"""What doctor prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from chargen_batch.cli.terminal import document, print_json

if TYPE_CHECKING:
    from chargen_batch.cli.options import Common
    from chargen_batch.phases.doctor import DoctorReport


def show_checks(report: DoctorReport, common: Common) -> None:
    """Print each check, and what to do where it is not well; with --quiet only these."""
    if common.json:
        checks = document(report.checks)
        print_json({"command": "doctor", "exitCode": report.exit_code, "checks": checks})
        return
    for check in report.checks:
        if check.level == "ok" and common.quiet:
            continue
        typer.echo(f"{check.level:7}  {check.name}: {check.seen}")
        if check.level != "ok" and check.advice:
            typer.echo(f"{'':7}  {check.advice}")
