"""What init, validate and config print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.cli import typed
from chargen_batch.cli.problem_formats import github_line, sarif, text_of
from chargen_batch.cli.terminal import aside, print_json, put, say, told_as

if TYPE_CHECKING:
    from chargen_batch.cli.options import Common, ProblemFormat
    from chargen_batch.config import Project
    from chargen_batch.phases.init import InitReport
    from chargen_batch.phases.validate import ValidateReport


_MOST_WARNINGS: Final = 20  # that are told without --verbose


def show_init(report: InitReport, common: Common) -> None:
    """Print what init wrote, and what to type next."""
    if common.json:
        from chargen_batch.cli.documents.story import Init

        print_json(told_as(Init, report))
        return
    if common.quiet:
        return
    if not report.written:
        say(f"{report.folder / 'chargen.yaml'} is there already, and stays as it is")
        return
    what = report.written[0] if len(report.written) == 1 else f"{len(report.written)} files"
    say(f"{what} written to {report.folder}")
    aside(f"hint: next, type: {typed.shown(['plan', '--dry-run', *_project(report.folder)])}")


def _project(folder: Path) -> tuple[str, ...]:
    """Return what says where a folder is: nothing where somebody is in it."""
    here = Path.cwd()
    if folder == here:
        return ()
    near = folder.relative_to(here) if folder.is_relative_to(here) else folder
    return ("--project", str(near))


def show_validation(report: ValidateReport, problem_format: ProblemFormat, common: Common) -> None:
    """Print all that is wrong: on stdout, as asked for; a word about it aside."""
    match problem_format:
        case "json":
            from chargen_batch.cli.documents.story import Validate

            print_json(told_as(Validate, report))
        case "sarif":
            root, prefix = _repository(report.root)
            print_json(sarif(report.problems, prefix, root.as_uri() + "/"))
        case "github":
            for problem in report.problems:
                put(github_line(problem, _repository(report.root)[1]))
        case "text":
            _show_problems(report, common)


def _show_problems(report: ValidateReport, common: Common) -> None:
    for problem in report.problems:
        say(text_of(problem))
    if common.quiet:
        return
    told = (
        (*report.unread, *report.warnings) if common.verbose else report.warnings[:_MOST_WARNINGS]
    )
    for line in told:
        aside(f"warning: {line}")
    if not common.verbose and (left := len(report.warnings) - len(told)):
        aside(f"and {left:,} more: --verbose lists them")
    files = len({problem.file for problem in report.problems})
    wrong = f"{len(report.problems)} problem(s) in {files} file(s)" if files else "no problems"
    aside(f"{report.targets} target(s), {wrong}, {len(report.warnings)} warning(s)")
    if report.unread and not common.verbose:
        aside(f"hint: no prompt is made of {len(report.unread)} text(s): --verbose lists them")


def _repository(project: Path) -> tuple[Path, str]:
    """Return the git work tree that a project is in (else the project), and the way to it."""
    root = next((one for one in (project, *project.parents) if (one / ".git").exists()), project)
    way = project.relative_to(root).as_posix()
    return root, "" if way == "." else f"{way}/"


def show_settings(project: Project, common: Common) -> None:
    """Print every setting, its value, and where it came from."""
    from chargen_batch.config import all_settings, prices_date

    if common.json:
        from chargen_batch.cli.documents.story import config_document

        print_json(config_document(project))
        return
    if not common.quiet:
        aside(f"project: {project.root}")
    for setting in all_settings(project):
        value = msgspec.json.encode(setting.value).decode()
        say(f"{setting.name} = {value}  ({setting.origin})")
    if not common.quiet:
        aside(f"prices: as of {prices_date()}; prices: goes over them")
