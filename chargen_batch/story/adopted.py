"""A picture that a person entered: its entry says so, and nothing of how it was drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chargen_batch.model.outcome import Picture

PROVIDER: Final = "adopted"
Status = Literal["draft", "approved"]

_KNOWN: Final = ("task_key", "target_id", "variant", "provider")


@dataclass(frozen=True, slots=True)
class Adopted:
    """What a person said of a picture: its status, and the name that its file had."""

    original_filename: str
    status: Status = "draft"

    def told(self, entry: Mapping[str, object], picture: Picture) -> dict[str, object]:
        """Return a drawn picture's entry as that of an adopted one.

        It was not made from the prompt, the model or the references that the task has.
        """
        content, provenance, generation = (
            _mapping(entry, name) for name in ("content", "provenance", "generation")
        )
        tags = content.get("tags")
        tags = [tag for tag in tags if tag != "generated"] if isinstance(tags, list) else []
        return {
            **entry,
            "type": "imported",
            "status": self.status,
            "content": {**content, "tags": tags},
            "provenance": {
                **provenance,
                "original_filename": self.original_filename,
                "sha256": picture.sha256,
            },
            "generation": {name: generation[name] for name in _KNOWN},
        }

    def filled(self, values: Mapping[str, object], ours: frozenset[str]) -> dict[str, object]:
        """Return what a chapter image's placeholders get: no run and no model.

        A placeholder that is empty stays so; a model of an earlier picture of ours goes.
        """
        meta = {**_mapping(values, "provider_metadata"), "run_id": None}
        known = {**values, "model": None, "provider_metadata": meta}
        return {name: value for name, value in known.items() if name != "model" or name in ours}


def _mapping(entry: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}
