"""Where in a file its faults stand."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from chargen_batch import yaml12
from chargen_batch.errors import Problem, dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from chargen_batch.story.cache_records import Places
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.targets import Fault

MOST_FAULTS: Final = 100  # that one file is reported with


class FaultPlaces:
    """Lines and columns of paths in a file, from a second parse that only a fault costs."""

    def __init__(self, where: str, file: Path, known: Places) -> None:
        """Look up what is not ``known`` yet, and add it there."""
        self._where, self._file, self._known = where, file, known

    @cached_property
    def _composed(self) -> yaml12.Composed:
        try:
            return yaml12.compose(self._file.read_bytes(), where=self._where)
        except (OSError, yaml12.YamlError):  # it was changed just now: it has no such places
            return yaml12.Composed("", None, None)

    def problems(self, faults: Sequence[Fault]) -> Iterator[Problem]:
        """Yield the faults with their places; of a great many only the first."""
        yield from map(self._problem, faults[:MOST_FAULTS])
        if len(faults) > MOST_FAULTS:
            yield Problem(self._where, 0, 0, f"and {len(faults) - MOST_FAULTS:,} more like these")

    def _problem(self, fault: Fault) -> Problem:
        line, column = self._position(fault.path)
        message = fault.message
        if fault.other is not None:
            other_line, _ = self._position(fault.other)
            message += f": first used at line {other_line}"
        return Problem(self._where, line, column, message, dotted(fault.path))

    def _position(self, path: YamlPath) -> tuple[int, int]:
        if path not in self._known:
            self._known[path] = self._looked_up(path)
        return self._known[path]

    def _looked_up(self, path: YamlPath) -> tuple[int, int]:
        node = self._composed.root
        for step in path:
            inner = _child(node, step)
            if inner is None:
                break
            node = inner
        return yaml12.position(self._composed.text, yaml12.start(node)) if node else (1, 1)


def _child(node: yaml12.Node | None, step: str | int) -> yaml12.Node | None:
    if isinstance(node, yaml12.MappingNode):
        pairs: Iterable[tuple[yaml12.Node, yaml12.Node]] = node.value
        return next((value for key, value in pairs if key.value == str(step)), None)
    if isinstance(node, yaml12.SequenceNode) and isinstance(step, int):
        children: list[yaml12.Node] = node.value
        return children[step] if step < len(children) else None
    return None
