"""What the finders of targets share: what they found, and what was wrong on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from chargen_batch.story.fields import Layer, every, first, texts
from chargen_batch.story.prompt.sections import TEXT_FIELDS
from chargen_batch.story.slug import authored_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.raw_target import RawTarget

NEAR: Final = 0.75  # how much of a name is right where it is meant; difflib's ratio
OWN_MAPPINGS: Final = ("image_spec", "technical")
# All that is read from a file's ``generation_defaults``: they name other services' models.
DEFAULTS: Final = ("aspect_ratio", "size", "style", "negative_prompt", "negative_prompts")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a path of a file; ``other`` is a second place that has to do with it."""

    path: YamlPath
    message: str
    other: YamlPath | None = None


@dataclass(slots=True)
class Findings:
    """The targets of one file, in its order, with what was wrong and what was guessed."""

    targets: dict[str, RawTarget] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def add(self, target: RawTarget) -> None:
        """Take a target, unless it has no text or its id is taken."""
        taken = self.targets.get(target.target_id)
        if taken is not None:
            message = f"target id {target.target_id!r} is taken"
            self.faults.append(Fault(target.path, message, other=taken.path))
        elif not any(has_text_field(layer) for layer in target.own):
            message = f"target {target.target_id!r} has no text"
            message += ": expected prompt, description or the like"
            self.fault(target.path, message + misspelt(target.own[0], *TEXT_FIELDS))
        else:
            self.targets[target.target_id] = target

    def fault(self, path: YamlPath, message: str) -> None:
        """Take note of a mistake at ``path``."""
        self.faults.append(Fault(path, message))

    def items(self, layer: Layer, key: str) -> Iterator[Layer]:
        """Yield the mappings of the list under ``key``; anything else there is a fault."""
        value = layer.fields.get(key)
        path = (*layer.path, key)
        if value is not None and not isinstance(value, list):
            self.fault(path, f"{key}: expected a list, found {shape(value)}")
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, dict):
                yield Layer((*path, index), item)
            else:
                self.fault((*path, index), f"{key}: expected a mapping, found {shape(item)}")

    def authored(self, own: tuple[Layer, ...], *names: str) -> str | None:
        """Return the id under the first of ``names`` that is there; ``None`` where none is.

        An id that cannot be one is a fault, and an empty string is returned.
        """
        found = first(own, *names)
        if found is None:
            return None
        target_id = authored_id(found.value)
        if target_id is None:
            wanted = "expected one line of text or a whole number"
            self.fault(found.path, f"{found.path[-1]}: {wanted}, found {shape(found.value)}")
        return target_id or ""


def misspelt(layer: Layer, *names: str) -> str:
    """Return what a mapping has that is nearly one of ``names``, as the end of a message."""
    near = _misspelling(layer, *names)
    return f"; it has {near[0]}: did you mean {near[1]}?" if near else ""


def _misspelling(layer: Layer, *names: str) -> tuple[str, str] | None:
    keys = (str(key) for key in layer.fields if key not in names)
    found = ((key, near) for key in keys for near in get_close_matches(key, names, 1, NEAR))
    return next(found, None)


def own_layers(layer: Layer) -> tuple[Layer, ...]:
    """Return a target's own fields: its mapping, and those inside it that count as its own."""
    return (layer, *(inner for name in OWN_MAPPINGS if (inner := layer.inner(name))))


def about_layers(root: Layer) -> tuple[Layer, ...]:
    """Return where a file speaks of its whole entity: its top, then ``metadata``."""
    metadata = root.inner("metadata")
    return (root, metadata) if metadata else (root,)


def default_layers(root: Layer) -> tuple[Layer, ...]:
    """Return what is read of a file's ``generation_defaults``, at the top or under ``metadata``."""
    found = [inner for layer in about_layers(root) if (inner := layer.inner("generation_defaults"))]
    return tuple(
        Layer(layer.path, {name: layer.fields[name] for name in DEFAULTS if name in layer.fields})
        for layer in found[:1]
    )


def has_text_field(layer: Layer) -> bool:
    """Say whether a mapping has a field with text for a prompt."""
    return any(texts(found.value) for name in TEXT_FIELDS for found in every((layer,), name))


def shape(value: object) -> str:
    """Return what a value is, in YAML's words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            return "a text of several lines" if "\n" in value else f"the text {value[:40]!r}"
        case list():
            return "a list"
        case _:
            return "a mapping"
