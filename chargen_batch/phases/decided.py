"""What a plan decided on each target, counted as it comes; where it is much, it waits in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from chargen_batch.core import selection
from chargen_batch.core.differences import Difference
from chargen_batch.core.planning import Verdict
from chargen_batch.model.target import Entry, Target, TargetState
from chargen_batch.model.task import BatchTask
from chargen_batch.packed import Form, gathered, picked
from chargen_batch.phases import money

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_Fields = tuple[Target, BatchTask, TargetState, str, bool, tuple[Difference, ...], Entry | None]

_DECODER: Final = msgspec.msgpack.Decoder(_Fields)


def _packed(verdict: Verdict) -> bytes:
    return msgspec.msgpack.encode(
        (
            *(verdict.target, verdict.task, verdict.state, verdict.reason, verdict.planned),
            *(verdict.differs, verdict.was),
        )
    )


def _unpacked(record: bytes) -> Verdict:
    return Verdict(*_DECODER.decode(record))


VERDICTS: Final = Form(_packed, _unpacked)


@dataclass(slots=True)
class Decided:
    """The verdicts of a plan, which of them are planned, their counts, and what is to be paid."""

    verdicts: Sequence[Verdict] = ()
    planned: Sequence[Verdict] = ()
    tally: selection.Tally = field(default_factory=selection.Tally)
    billed: list[BatchTask] = field(default_factory=list)

    @classmethod
    def of(cls, verdicts: Iterable[Verdict], folder: Path) -> Decided:
        """Take verdicts as they come; a file that they may wait in is made in ``folder``."""
        decided, numbers = cls(), list[int]()
        decided.verdicts = gathered(decided._counted(verdicts, numbers), VERDICTS, folder)
        decided.planned = picked(decided.verdicts, numbers)
        return decided

    def _counted(self, verdicts: Iterable[Verdict], planned: list[int]) -> Iterator[Verdict]:
        for number, verdict in enumerate(verdicts):
            self.tally.add(verdict)
            if verdict.planned:
                planned.append(number)
                self.billed.append(money.billed(verdict.task))
            yield verdict
