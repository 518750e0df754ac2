"""What each row of a job ends as: a picture, or one of the ways in which rows fail."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from chargen_batch.emulator.oddities import ODD_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = frozenset(
    {
        "success",
        "row_error",  # :gRPC code, 13 unless given
        "blocked",  # :blockReason, PROHIBITED_CONTENT unless given
        "safety",  # :finishReason, IMAGE_SAFETY unless given
        "text_only",
        "split",  # a success whose text comes in several parts
        "truncated",  # half of the text, and :finishReason, STOP unless given
        "wrong_json",  # JSON that no schema asked for
        "signature",  # a success with a last part that holds nothing but a signature
        "keyless",  # a success whose row has lost its key
        "missing",
        "duplicate",
        *ODD_KINDS,
    },
)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the rows of a job end, and how its output is written.

    `outcomes` maps a glob on keys to a kind, the first match counting; a kind may carry an
    argument after a colon ("row_error:8", "safety:NO_IMAGE"). Vertex AI alone writes its output in
    several files, of so many rows each, and in no order whatever `shuffle` says.
    """

    outcomes: dict[str, str] = field(default_factory=dict)
    shuffle: bool = False
    no_final_newline: bool = False
    rows_per_shard: int = 1000

    def __post_init__(self) -> None:
        if self.rows_per_shard < 1:
            raise ValueError("rows_per_shard must be at least 1")
        for kind in self.outcomes.values():
            if kind.partition(":")[0] not in KINDS:
                raise ValueError(f"no such outcome: {kind!r}; there are {', '.join(sorted(KINDS))}")

    def outcome(self, key: str) -> tuple[str, str]:
        """Choose a row's kind and its argument."""
        for glob, kind in self.outcomes.items():
            if fnmatchcase(key, glob):
                name, _, argument = kind.partition(":")
                return name, argument
        return "success", ""

    def count(self, keys: Iterable[str]) -> tuple[int, int]:
        """Count the rows that will have a response, and those that will have an error."""
        kinds = Counter(self.outcome(key)[0] for key in keys)
        failed = kinds["row_error"] + kinds["status"]
        return kinds.total() - failed - kinds["missing"], failed

    def dump(self) -> str:
        """Write it for a job's record."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Behaviour:
        """Read what `dump` wrote."""
        return cls(**json.loads(text))
