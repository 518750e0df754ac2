"""The filter of a list of jobs: names compared or matched, states, times; AND, OR and NOT."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from chargen_batch.emulator.records import timestamp
from chargen_batch.emulator.refusals import bad_request
from chargen_batch.emulator.vertex_wire import state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chargen_batch.emulator.vertex_records import VertexJob

    Test = Callable[[VertexJob], bool]

_TERM: Final = re.compile(
    r'(?P<not>NOT\s+|-)?(?P<field>\w+)\s*(?P<how>!=|<=|>=|=|<|>|:)\s*"(?P<value>(?:[^"\\]|\\.)*)"'
)
_FIELDS: Final = {"display_name": "=!:", "state": "=!", "create_time": "=!<>"}


def filter_of(text: str) -> Test:
    """Read a filter; none lets every job through.

    AND binds its terms together before OR does; there are no parentheses.
    """
    if not text.strip():
        return lambda _: True
    ways = [
        [_term(term) for term in re.split(r"\s+AND\s+", way)]
        for way in re.split(r"\s+OR\s+", text.strip())
    ]
    return lambda job: any(all(test(job) for test in tests) for tests in ways)


def _term(text: str) -> Test:
    found = _TERM.fullmatch(text.strip())
    if found is None or found["how"][0] not in _FIELDS.get(found["field"], ""):
        raise bad_request(f"Invalid filter: {text}")
    value = re.sub(r"\\(.)", r"\1", found["value"])

    def passes(job: VertexJob) -> bool:
        return _compared(_value(job, found["field"]), found["how"], value) != bool(found["not"])

    return passes


def _value(job: VertexJob, field: str) -> str:
    match field:
        case "display_name":
            return job.display_name
        case "state":
            return state_of(job)
        case _:
            return timestamp(job.created_us, 6)


def _compared(value: str, how: str, wanted: str) -> bool:
    match how:
        case "=":
            return value == wanted
        case "!=":
            return value != wanted
        case ":":
            return fnmatchcase(value, re.sub(r"([\[?])", r"[\1]", wanted))
        case "<" | "<=":
            return value < wanted or (how == "<=" and value == wanted)
        case _:
            return value > wanted or (how == ">=" and value == wanted)
