"""Problems as people, GitHub's log and code scanning read them. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from chargen_batch import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chargen_batch.errors import Problem

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_RULE: Final = "story-problem"
_BASE: Final = "%SRCROOT%"  # the name that code scanning knows
_IN_A_MESSAGE: Final = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_IN_A_PROPERTY: Final = (*_IN_A_MESSAGE, (":", "%3A"), (",", "%2C"))


def text_of(problem: Problem) -> str:
    """Return a problem for people: its line, and below it that of the file where it is shown."""
    return f"{problem}\n{problem.excerpt}" if problem.excerpt else str(problem)


def github_line(problem: Problem, prefix: str) -> str:
    """Return a workflow command that marks a line of a file in a pull request.

    ``prefix`` leads from the repository to the project: empty, or with a slash at its end. What is
    wrong in no file (a variable, an option) is named in the message.
    """
    if not _is_file(problem):
        return f"::error::{_escaped(str(problem), _IN_A_MESSAGE)}"
    where = {"file": prefix + problem.file, "line": problem.line, "col": problem.column}
    properties = ",".join(
        f"{name}={_escaped(str(value), _IN_A_PROPERTY)}" for name, value in where.items() if value
    )
    return f"::error {properties}::{_escaped(_message(problem), _IN_A_MESSAGE)}"


def sarif(problems: Sequence[Problem], prefix: str, repository: str) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log; ``repository`` is the URI of the folder that ``prefix`` is in."""
    rule = {"id": _RULE, "shortDescription": {"text": "A mistake in a story's files"}}
    driver = {"name": "chargen-batch", "version": __version__, "rules": [rule]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_BASE: {"uri": repository}},
        "results": [_result(problem, prefix) for problem in problems],
    }
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(problem: Problem, prefix: str) -> dict[str, Any]:
    return {
        "ruleId": _RULE,
        "level": "error",
        "message": {"text": _message(problem) if _is_file(problem) else str(problem)},
        "locations": list(_locations(problem, prefix)),
    }


def _locations(problem: Problem, prefix: str) -> Iterator[dict[str, Any]]:
    if not _is_file(problem):
        return
    place: dict[str, Any] = {
        "artifactLocation": {"uri": quote(prefix + problem.file), "uriBaseId": _BASE}
    }
    if problem.line:
        place["region"] = {"startLine": problem.line, "startColumn": problem.column}
    location: dict[str, Any] = {"physicalLocation": place}
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.path}]
    yield location


def _message(problem: Problem) -> str:
    return problem.message + (f"  [{problem.path}]" if problem.path else "")


def _is_file(problem: Problem) -> bool:
    return problem.file != "option" and not problem.file.startswith("CHARGEN_")


def _escaped(text: str, table: Sequence[tuple[str, str]]) -> str:
    for character, escape in table:
        text = text.replace(character, escape)
    return text
