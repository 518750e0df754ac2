"""chargen.yaml, the environment and the options, made into one frozen Settings."""

from __future__ import annotations

import difflib
import importlib.resources
import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from chargen_batch import yaml12
from chargen_batch.errors import ConfigError
from chargen_batch.model.settings import ModelFacts, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CONFIG_NAME = "chargen.yaml"
STORY_FOLDERS = ("characters", "locations", "chapters")
_PREFIX = "CHARGEN_"
_NOT_SETTINGS = frozenset({"CHARGEN_PROJECT", "CHARGEN_RUN", "CHARGEN_LIVE"})


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
        ConfigError: A key is unknown or a value is wrong; the message says where.

    """
    if not root.is_dir():
        raise ConfigError(f"the project folder {root} does not exist", hint="give --project DIR")
    root = root.resolve()
    # Whole defaults first: what a file gives in part keeps the rest of its own place's defaults.
    merged: dict[str, Any] = msgspec.to_builtins(Settings())
    origins: dict[str, str] = {}
    for source, name, value in _layers(root, environ, options):
        _put(merged, name.split("."), value)
        origins[name] = source
    try:
        settings = msgspec.convert(merged, Settings, strict=False)
    except msgspec.ValidationError as err:
        raise ConfigError(f"the configuration is wrong: {err}", hint=_blame(err, origins)) from err
    project = Project(root, settings, origins)
    for name, value in (("story", settings.story), ("batch.runs_dir", settings.batch.runs_dir)):
        if not (root / value).resolve().is_relative_to(root):
            raise ConfigError(
                f"{name}: {value} lies outside the project",
                hint=f"look at {name} in {origins.get(name, CONFIG_NAME)}",
            )
    return project


def _layers(
    root: Path, environ: Mapping[str, str], options: Mapping[str, object]
) -> Iterator[tuple[str, str, object]]:
    for name, value in _leaves(_read_file(root / CONFIG_NAME), Settings, ()):
        yield CONFIG_NAME, name, value
    for variable in sorted(environ):
        if variable.startswith(_PREFIX) and variable not in _NOT_SETTINGS:
            name = variable.removeprefix(_PREFIX).lower().replace("__", ".")
            _check_known(name, variable)
            yield variable, name, _variable_value(variable, environ[variable])
    for name, value in options.items():
        if value is not None:
            yield "option", name, value


def _read_file(path: Path) -> Mapping[str, object]:
    if not os.path.lexists(path):
        return {}
    if not path.is_file():
        raise ConfigError(f"{CONFIG_NAME} is there, and is not a file that can be read")
    try:
        data = yaml12.load(path.read_bytes(), where=CONFIG_NAME)
    except yaml12.YamlError as err:
        raise ConfigError(str(err)) from err
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{CONFIG_NAME}: expected settings, found {type(data).__name__}")
    return data


def _leaves(
    data: Mapping[str, object], shape: type[msgspec.Struct], path: tuple[str, ...]
) -> Iterator[tuple[str, object]]:
    """Yield each setting of a mapping under its dotted name, checking every key."""
    fields = {field.name: field.type for field in msgspec.structs.fields(shape)}
    for key, value in data.items():
        dotted = ".".join((*path, str(key)))
        if key not in fields:
            raise ConfigError(f"{CONFIG_NAME}: unknown key {dotted}", hint=_nearest(key, fields))
        inner = fields[key]
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
            if not isinstance(value, dict):
                raise ConfigError(f"{CONFIG_NAME}: {dotted}: expected a mapping of settings")
            yield from _leaves(value, inner, (*path, str(key)))
        else:
            yield dotted, value


def _check_known(dotted: str, variable: str) -> None:
    known = {name.upper().replace(".", "__"): name for name in _names(Settings, "")}
    if dotted not in known.values():
        near = _nearest(variable, [_PREFIX + name for name in known])
        raise ConfigError(f"unknown variable {variable}", hint=near)


def _names(shape: type[msgspec.Struct], prefix: str) -> Iterator[str]:
    for field in msgspec.structs.fields(shape):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from _names(field.type, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name


def _nearest(key: object, known: Mapping[str, object] | list[str]) -> str:
    near = difflib.get_close_matches(str(key), list(known), n=1)
    return f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"


def _variable_value(variable: str, text: str) -> object:
    """Return a variable's value; lists and mappings are written as in YAML."""
    if text[:1] not in {"[", "{"}:
        return text
    try:
        return yaml12.load(text.encode(), where=variable)
    except yaml12.YamlError as err:
        raise ConfigError(str(err)) from err


def _put(tree: dict[str, Any], path: list[str], value: object) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = value


def _blame(err: msgspec.ValidationError, origins: Mapping[str, str]) -> str:
    """Name where the value came from that a message of msgspec's (``... at `$.a.b` ``) is about."""
    place = str(err).rpartition("`$.")[2].rstrip("`")
    source = next((where for name, where in origins.items() if place.startswith(name)), CONFIG_NAME)
    return f"look at {place} in {source}"


def model_facts(settings: Settings, model: str) -> ModelFacts:
    """Return what a model offers; for one that the table lacks, all ratios and no price."""
    table = _model_table()
    facts = table.get(model) or ModelFacts(
        ratios=table[Settings().models.generate].ratios, sizes=("1K", "2K", "4K")
    )
    prices = settings.prices.get(model, {})
    sizes = {name: usd for name, usd in prices.items() if name not in {"input", "output"}}
    return msgspec.structs.replace(
        facts,
        image_prices={**facts.image_prices, **sizes},
        input_price_per_mtok=prices.get("input", facts.input_price_per_mtok),
        output_price_per_mtok=prices.get("output", facts.output_price_per_mtok),
    )


def _model_table() -> dict[str, ModelFacts]:
    text = importlib.resources.files("chargen_batch").joinpath("models.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, ModelFacts])
