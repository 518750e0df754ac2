"""What init, validate and config print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import typer

from chargen_batch.cli.problem_formats import github_line, sarif
from chargen_batch.cli.terminal import aside, print_json
from chargen_batch.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from chargen_batch.cli.options import Common, ProblemFormat
    from chargen_batch.config import Project
    from chargen_batch.phases.init import InitReport
    from chargen_batch.phases.validate import ValidateReport


def show_init(report: InitReport, common: Common) -> None:
    """Print what init wrote, and what to type next."""
    if common.json:
        document = {"command": "init", "exitCode": report.exit_code}
        print_json({**document, "folder": str(report.folder), "written": list(report.written)})
        return
    if common.quiet:
        return
    if not report.written:
        typer.echo(f"{report.folder / 'chargen.yaml'} is there already, and stays as it is")
        return
    what = report.written[0] if len(report.written) == 1 else f"{len(report.written)} files"
    typer.echo(f"{what} written to {report.folder}")
    aside(f"hint: next, type: chargen-batch plan --dry-run --project {report.folder}")


def show_validation(
    report: ValidateReport, problem_format: ProblemFormat, common: Common, *, verbose: bool
) -> None:
    """Print all that is wrong: on stdout, as asked for; a word about it aside."""
    match problem_format:
        case "json":
            print_json(_validation_document(report))
        case "sarif":
            root, prefix = _repository(report.root)
            print_json(sarif(report.problems, prefix, root.as_uri() + "/"))
        case "github":
            for problem in report.problems:
                typer.echo(github_line(problem, _repository(report.root)[1]))
        case "text":
            _show_problems(report, common, verbose=verbose)


def _show_problems(report: ValidateReport, common: Common, *, verbose: bool) -> None:
    for problem in report.problems:
        typer.echo(str(problem))
    for line in (*report.unread, *report.warnings) if verbose else ():
        aside(f"warning: {line}")
    if common.quiet:
        return
    files = len({problem.file for problem in report.problems})
    wrong = f"{len(report.problems)} problem(s) in {files} file(s)" if files else "no problems"
    aside(f"{report.targets} target(s), {wrong}, {len(report.warnings)} warning(s)")
    if report.warnings and not verbose:
        aside("hint: --verbose lists the warnings, and texts that no prompt is made of")


def _validation_document(report: ValidateReport) -> dict[str, Any]:
    return {
        "command": "validate",
        "exitCode": report.exit_code,
        "problems": msgspec.to_builtins(report.problems),
        "warnings": list(report.warnings),
        "unread": msgspec.to_builtins(report.unread),
        "targets": report.targets,
    }


def _repository(project: Path) -> tuple[Path, str]:
    """Return the git work tree that a project is in (else the project), and the way to it."""
    root = next((one for one in (project, *project.parents) if (one / ".git").exists()), project)
    way = project.relative_to(root).as_posix()
    return root, "" if way == "." else f"{way}/"


def show_settings(project: Project, common: Common) -> None:
    """Print every setting, its value, and where it came from."""
    from chargen_batch.config import all_settings, prices_date

    if common.json:
        settings = msgspec.to_builtins([*all_settings(project)])
        head = {"command": "config", "exitCode": ExitCode.DONE, "project": str(project.root)}
        print_json({**head, "pricesOf": prices_date(), "settings": settings})
        return
    if not common.quiet:
        aside(f"project: {project.root}")
    for setting in all_settings(project):
        value = msgspec.json.encode(setting.value).decode()
        typer.echo(f"{setting.name} = {value}  ({setting.origin})")
    if not common.quiet:
        aside(f"prices: as of {prices_date()}; prices: goes over them")
