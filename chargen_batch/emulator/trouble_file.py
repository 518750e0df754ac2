"""Trouble as people write it down: a TOML file, each of whose tables is one kind of it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chargen_batch.emulator.faults import check_fault, faults_of
from chargen_batch.emulator.quota import Quotas
from chargen_batch.emulator.trouble import Lists, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = "trouble.toml"
VARIABLE = "CHARGEN_EMULATOR_TROUBLE"
Table = dict[str, Any]
_WHOLE = frozenset({int})
_NUMBER = frozenset({int, float})
_SWITCH = frozenset({bool})
_PACE = {
    "looks_to_start": _WHOLE,
    "looks_to_finish": _WHOLE,
    "looks_to_cancel": _WHOLE,
    "seconds_to_finish": _NUMBER,
}
_OUTPUT = {"shuffle": _SWITCH, "no_final_newline": _SWITCH, "rows_per_shard": _WHOLE}
_LISTS = {"late_listings": _WHOLE, "late_s": _NUMBER, "page_size": _WHOLE}
_QUOTAS = dict.fromkeys(("max_live_jobs", "max_enqueued_tokens", "max_stored_bytes"), _WHOLE)
_NAMES = {bool: "true or false", int: "a number", float: "a number", str: "a text"}


class TroubleError(ValueError):
    """Trouble that is not written as it should be; the message says where."""


def find_trouble(state_dir: Path, environ: Mapping[str, str]) -> Path | None:
    """Find the file of a state directory: the one that the environment names, or its own."""
    named = environ.get(VARIABLE)
    if named:
        return Path(named)
    own = state_dir / FILE
    return own if own.is_file() else None


def read_trouble(file: Path) -> Table:
    """Read a file's tables.

    Raises:
        TroubleError: It cannot be read, or is no TOML.

    """
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise TroubleError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise TroubleError(f"{file}: {error}") from error


def trouble_of(tables: Table, options: Mapping[str, Mapping[str, Any]], file: str) -> Trouble:
    """Make trouble of a file's tables, and of options for the same tables, which go first.

    Raises:
        TroubleError: A table, a name or a value is none that there is.

    """
    trouble = _read(Trouble(), tables, file)
    # The first match counts, so what an option says stands before the rest of its table.
    merged = {name: {**table, **tables.get(name, {}), **table} for name, table in options.items()}
    return _read(trouble, merged, "the options")


def _read(trouble: Trouble, tables: Table, source: str) -> Trouble:
    for name, table in tables.items():
        reader = _READERS.get(name)
        if reader is None:
            raise TroubleError(f"{source}: no such table: [{name}]; there are {_listed(_READERS)}")
        if not isinstance(table, dict):
            raise TroubleError(f"{source}: {name} is a table: write [{name}]")
        try:
            trouble = reader(trouble, table)
        except ValueError as error:
            raise TroubleError(f"{source}: [{name}]: {error}") from error
    return trouble


def _faults(trouble: Trouble, table: Table) -> Trouble:
    queues = {}
    for method, written in table.items():
        texts = written if isinstance(written, list) else [written]
        queues[method] = [fault for text in texts for fault in faults_of(_one(method, text, {str}))]
        for fault in queues[method]:
            check_fault(method, fault)
    return replace(trouble, faults=queues)


def _latency(trouble: Trouble, table: Table) -> Trouble:
    return replace(trouble, latency_s=_each(table, _NUMBER))


def _pace(trouble: Trouble, table: Table) -> Trouble:
    return replace(trouble, pace=replace(trouble.pace, **_fields(table, _PACE)))


def _endings(trouble: Trouble, table: Table) -> Trouble:
    return replace(trouble, pace=replace(trouble.pace, endings=_each(table, {str})))


def _rows(trouble: Trouble, table: Table) -> Trouble:
    return replace(trouble, behaviour=replace(trouble.behaviour, outcomes=_each(table, {str})))


def _output(trouble: Trouble, table: Table) -> Trouble:
    return replace(trouble, behaviour=replace(trouble.behaviour, **_fields(table, _OUTPUT)))


def _gone(trouble: Trouble, table: Table) -> Trouble:
    return replace(trouble, gone=_each(table, _WHOLE))


def _lists(trouble: Trouble, table: Table) -> Trouble:
    return replace(trouble, lists=Lists(**_fields(table, _LISTS)))


def _quotas(trouble: Trouble, table: Table) -> Trouble:
    return replace(trouble, quotas=Quotas(**_fields(table, _QUOTAS)))


_READERS: dict[str, Callable[[Trouble, Table], Trouble]] = {
    "faults": _faults,
    "latency_s": _latency,
    "pace": _pace,
    "endings": _endings,
    "rows": _rows,
    "output": _output,
    "gone": _gone,
    "lists": _lists,
    "quotas": _quotas,
}


def _fields(table: Table, known: Mapping[str, frozenset[type]]) -> Table:
    for name in table:
        if name not in known:
            raise ValueError(f"no such name: {name}; there are {_listed(known)}")
    return {name: _one(name, value, known[name]) for name, value in table.items()}


def _each(table: Table, kinds: frozenset[type] | set[type]) -> Table:
    return {name: _one(name, value, kinds) for name, value in table.items()}


def _one(name: str, value: object, kinds: frozenset[type] | set[type]) -> Any:  # noqa: ANN401 - what TOML holds
    if type(value) not in kinds:
        wanted = " or ".join(sorted({_NAMES[kind] for kind in kinds}))
        raise ValueError(f"{name} must be {wanted}, not {value!r}")
    if isinstance(value, int | float) and value < 0:
        raise ValueError(f"{name} must not be less than 0")
    return value


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(names)
