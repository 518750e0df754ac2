"""A project's folder, and its settings from all places where they may be given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from chargen_batch.config.checking import faults, is_group, nearest
from chargen_batch.config.file import CONFIG_NAME, ConfigFile
from chargen_batch.errors import ConfigError, Problem, dotted
from chargen_batch.model.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

STORY_FOLDERS = ("characters", "locations", "chapters")
_PREFIX = "CHARGEN_"
_NOT_SETTINGS = frozenset(
    {
        "CHARGEN_PROJECT",
        "CHARGEN_RUN",
        "CHARGEN_EXIT_CODE",
        "CHARGEN_LIVE",
        "CHARGEN_EMULATOR_TROUBLE",
    }
)


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folder and its settings.

    ``origins`` names where each setting that is not a default came from, by its dotted name.
    """

    root: Path
    settings: Settings
    origins: Mapping[str, str]

    @property
    def runs_dir(self) -> Path:
        """Return the folder of the project's runs."""
        return self.root / self.settings.batch.runs_dir

    @property
    def story_root(self) -> Path:
        """Return the folder that holds characters/, locations/ and chapters/."""
        return (self.root / self.settings.story).resolve()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its dotted name, its value, and where that came from."""

    name: str
    value: object
    origin: str


def find_project(start: Path) -> Path:
    """Return the project that ``start`` is in, else ``start``.

    It is the nearest folder at or above with a chargen.yaml; where there is none, the nearest with
    any of the story's three folders.
    """
    folders = (start, *start.parents)
    for folder in folders:
        if (folder / CONFIG_NAME).is_file():
            return folder
    return next((folder for folder in folders if _has_story(folder)), start)


def _has_story(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in STORY_FOLDERS)


def load(root: Path, environ: Mapping[str, str], options: Mapping[str, object]) -> Project:
    """Read a project's settings: chargen.yaml, then CHARGEN_* variables, then options.

    Args:
        root: The project's folder.
        environ: The environment.
        options: Settings by their dotted names; ``None`` means not given.

    Raises:
        ConfigError: A key is unknown or a value is wrong; all of them, each with its place.

    """
    project, problems = read(root, environ, options)
    if problems:
        raise ConfigError(
            f"the configuration has {len(problems)} problem(s)",
            problems=problems,
            hint="mend them; chargen-batch init writes a file that explains every setting",
        )
    return project


def read(
    root: Path, environ: Mapping[str, str], options: Mapping[str, object]
) -> tuple[Project, tuple[Problem, ...]]:
    """Read a project's settings as far as they hold, and all that is wrong with them.

    Raises:
        ConfigError: There is no such folder.

    """
    if not root.is_dir():
        raise ConfigError(f"the project folder {root} does not exist", hint="give --project DIR")
    root = root.resolve()
    file = ConfigFile.read(root / CONFIG_NAME)
    # Whole defaults first: what a file gives in part keeps the rest of its own place's defaults.
    merged: dict[str, Any] = msgspec.to_builtins(Settings())
    origins: dict[str, str] = {}
    layers = (
        *((CONFIG_NAME, name, value) for name, value in file.settings.items()),
        *_from_environment(environ, file.problems),
        *_from_options(options, file.problems),
    )
    for source, name, value in layers:
        if not _leads_out(root, name, value, source, file):
            _put(merged, name.split("."), value)
            origins[name] = source
    settings = msgspec.convert(merged, Settings, strict=False)
    return Project(root, settings, origins), tuple(sorted(file.problems))


def all_settings(project: Project) -> Iterator[Setting]:
    """Go through every setting, in the order of the documentation."""
    values = msgspec.to_builtins(project.settings)
    for name in _kinds(Settings):
        value: Any = values
        for step in name.split("."):
            value = value[step]
        yield Setting(name, value, project.origins.get(name, "default"))


def _from_environment(
    environ: Mapping[str, str], problems: list[Problem]
) -> Iterator[tuple[str, str, object]]:
    kinds = _kinds(Settings)
    variables = {_PREFIX + name.upper().replace(".", "__"): name for name in kinds}
    for variable in sorted(environ):
        if not variable.startswith(_PREFIX) or variable in _NOT_SETTINGS:
            continue
        name = variables.get(variable)
        if name is None:
            message = f"unknown variable{nearest(variable, variables)}"
            problems.append(Problem(variable, 0, 0, message))
            continue
        text = environ[variable]
        if text[:1] in {"[", "{"}:
            yield from _from_yaml(variable, name, text, problems)
        else:
            yield from _checked(variable, name, text, problems)


def _from_yaml(
    variable: str, name: str, text: str, problems: list[Problem]
) -> Iterator[tuple[str, str, object]]:
    """Read a variable that holds a list or a mapping: they are written as in YAML."""
    from chargen_batch import yaml12  # noqa: PLC0415 - slow to load, and hardly ever needed here

    try:
        value = yaml12.load(text.encode(), where=variable)
    except yaml12.YamlError as err:
        problems.append(Problem(variable, err.line, err.column, err.message))
    else:
        yield from _checked(variable, name, value, problems)


def _from_options(
    options: Mapping[str, object], problems: list[Problem]
) -> Iterator[tuple[str, str, object]]:
    for name, value in options.items():
        if value is not None:
            yield from _checked("option", name, value, problems)


def _checked(
    source: str, name: str, value: object, problems: list[Problem]
) -> Iterator[tuple[str, str, object]]:
    wrong = list(faults(value, _kinds(Settings)[name], tuple(name.split("."))))
    problems += (Problem(source, 0, 0, message, dotted(path)) for path, message in wrong)
    if not wrong:
        yield source, name, value


def _kinds(shape: type[msgspec.Struct], prefix: str = "") -> dict[str, Any]:
    """Return the type of each setting by its dotted name."""
    kinds: dict[str, Any] = {}
    for each in msgspec.structs.fields(shape):
        if is_group(each.type):
            kinds |= _kinds(each.type, f"{prefix}{each.name}.")
        else:
            kinds[prefix + each.name] = each.type
    return kinds


def _leads_out(root: Path, name: str, value: object, source: str, file: ConfigFile) -> bool:
    """Say whether a folder that is set lies outside the project, and take note of it."""
    if name not in {"story", "batch.runs_dir"}:
        return False
    if (root / str(value)).resolve().is_relative_to(root):
        return False
    message = f"{value} lies outside the project"
    if source == CONFIG_NAME:
        file.fault(tuple(name.split(".")), message)
    else:
        file.problems.append(Problem(source, 0, 0, message, name))
    return True


def _put(tree: dict[str, Any], path: list[str], value: object) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = value
