"""What a project's own runs say of its targets: who holds them, what was drawn, what refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from chargen_batch.model.target import Target

# An entity's type and slug, and the target's id.
TargetName = tuple[str, str, str]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A task that a run ended well; ``is_there`` says whether its picture still is."""

    key: str
    variant: int
    run_id: str
    is_there: bool


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a task ended in a dead letter that sending it again cannot help, and in which run."""

    run_id: str
    code: str


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What the runs of a project say.

    ``in_flight`` names the run that holds a target; ``drawn`` is each target's highest variant by
    a run on this backend (a rehearsal counts for rehearsals only), ``highest`` that of all runs;
    ``refused`` goes by task key; ``ended`` are the runs that no command moves any more.
    """

    in_flight: dict[TargetName, str] = {}
    drawn: dict[TargetName, Drawn] = {}
    highest: dict[TargetName, int] = {}
    refused: dict[str, Refusal] = {}
    ended: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def name_of(target: Target) -> TargetName:
    """Return the name that a target goes by in a history."""
    return target.entity_type, target.entity_slug, target.target_id


def name_in(key: str) -> TargetName:
    """Return the target in a task key; slugs have no slash, ids may."""
    entity_type, _, rest = key.rpartition("@")[0].partition("/")
    slug, _, target_id = rest.partition("/")
    return entity_type, slug, target_id
