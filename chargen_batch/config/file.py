"""chargen.yaml: its settings, and all that is wrong in it, each with its place."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.config.checking import faults, found, is_group, nearest
from chargen_batch.errors import Problem, dotted
from chargen_batch.model.settings import Settings

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Mapping

    from chargen_batch import yaml12
    from chargen_batch.config.checking import Path

CONFIG_NAME: Final = "chargen.yaml"


@dataclass(slots=True)
class ConfigFile:
    """A chargen.yaml: the settings that hold, by their dotted names, and the problems."""

    settings: dict[str, object] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _composed: yaml12.Composed | None = None

    @classmethod
    def read(cls, path: pathlib.Path) -> ConfigFile:
        """Read the file; one that is not there says nothing."""
        file = cls()
        if not os.path.lexists(path):
            return file
        if not path.is_file():
            file._whole("is there, and is not a file that can be read")
            return file
        from chargen_batch import yaml12  # noqa: PLC0415 - slow to load: not where there is no file

        try:
            file._composed = yaml12.compose(path.read_bytes(), where=CONFIG_NAME)
        except yaml12.YamlError as err:
            file.problems.append(
                Problem(CONFIG_NAME, err.line, err.column, err.message, excerpt=err.excerpt)
            )
        except OSError as err:
            file._whole(f"cannot be read: {err.strerror}")
        else:
            file._take(file._composed.data)
        return file

    def fault(self, path: Path, message: str, *, at_key: bool = False) -> None:
        """Take note of a mistake at a path of the data."""
        line = column = 0
        if self._composed:
            from chargen_batch.config.places import position  # noqa: PLC0415 - the same

            line, column = position(self._composed, path, at_key=at_key)
        self.problems.append(Problem(CONFIG_NAME, line, column, message, dotted(path)))

    def _whole(self, message: str) -> None:
        self.problems.append(Problem(CONFIG_NAME, 0, 0, message))

    def _take(self, data: object) -> None:
        if isinstance(data, dict):
            self._group(data, Settings, ())
        elif data is not None:
            self.fault((), f"expected a mapping of settings, found {found(data)}")

    def _group(self, data: Mapping[str, object], shape: type[msgspec.Struct], path: Path) -> None:
        kinds = {each.name: each.type for each in msgspec.structs.fields(shape)}
        for key, value in data.items():
            here = (*path, str(key))
            if key not in kinds:
                message = f"unknown key {dotted(here)}{nearest(key, kinds)}"
                self.fault(here, message, at_key=True)
            elif is_group(kinds[key]):
                self._inner(value, kinds[key], here)
            else:
                self._setting(value, kinds[key], here)

    def _inner(self, value: object, shape: type[msgspec.Struct], path: Path) -> None:
        if isinstance(value, dict):
            self._group(value, shape, path)
        elif value is not None:  # a group whose settings are all commented out is empty
            self.fault(path, f"expected a mapping of settings, found {found(value)}")

    def _setting(self, value: object, kind: object, path: Path) -> None:
        wrong = list(faults(value, kind, path))
        for place, message in wrong:
            self.fault(place, message)
        if not wrong:
            self.settings[dotted(path)] = value
