"""The trouble that options tell an emulator to make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargen_batch.api.rehearsing import HINT, trouble_of
from chargen_batch.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chargen_batch.api.rehearsing import Tables
    from chargen_batch.cli.emulator_options import TroubleOptions
    from chargen_batch.emulator.faults import Fault

__all__ = ["queues_of", "tables_of", "trouble_of"]


def queues_of(faults: Sequence[str]) -> dict[str, list[Fault]]:
    """Read the faults of a command line.

    Raises:
        ConfigError: One of them is none.

    """
    from chargen_batch.emulator import trouble_file

    queues: dict[str, list[str]] = {}
    for each in faults:
        method, kind = _split("--fault", each)
        queues.setdefault(method, []).append(kind)
    try:
        return trouble_file.trouble_of({}, {"faults": queues}, "").faults
    except trouble_file.TroubleError as err:
        raise ConfigError(str(err), hint=HINT) from err


def tables_of(options: TroubleOptions, looks: int | None) -> Tables:
    """Write what the options say as the file would have it."""
    tables = {
        "endings": _table("--ending", options.ending, str),
        "rows": _table("--row", options.row, str),
        "latency_s": _table("--latency", options.latency, float),
        "quotas": _table("--quota", options.quota, int),
    }
    if looks is not None:
        tables["pace"] = {"looks_to_start": min(1, looks - 1), "looks_to_finish": looks}
    return {name: table for name, table in tables.items() if table}


def _table(option: str, given: Sequence[str] | None, kind: Callable[[str], Any]) -> dict[str, Any]:
    table = {}
    for each in given or ():
        name, value = _split(option, each)
        try:
            table[name] = kind(value)
        except ValueError as err:
            raise UsageError(f"{option} {each}: {value!r} is no number", hint=HINT) from err
    return table


def _split(option: str, given: str) -> tuple[str, str]:
    name, equals, value = given.rpartition("=")
    if not (name and equals):
        raise UsageError(f"{option} {given}: a name and its value are wanted", hint=HINT)
    return name, value
