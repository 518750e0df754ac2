"""Pictures made by hand, and adopt to enter them with."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

from chargen_batch import yaml12
from chargen_batch.core import provenance
from chargen_batch.core.pictures import inspect
from chargen_batch.model.provenance import PictureRecord
from chargen_batch.phases import adopt
from chargen_batch.phases.entering import AdoptChoices, AdoptReport
from chargen_batch.phases.plan import PlanChoices

if TYPE_CHECKING:
    from pathlib import Path

    from tests.phases.world import World

BOWL: Final = "throwing-a-bowl"
LOOK: Final = PlanChoices(dry_run=True)


def painted(colour: str = "red", kind: str = "PNG", size: tuple[int, int] = (30, 40)) -> bytes:
    """Paint a picture of 3:4."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, kind)
    return stream.getvalue()


def by_hand(world: World, content: bytes | None = None, name: str = "my bowl.png") -> Path:
    """Put a picture beside the project."""
    path = world.root.parent / name
    path.write_bytes(painted() if content is None else content)
    return path


def recorded(data: bytes, key: str, provider: str = "google", run_id: str = "r") -> bytes:
    """Return a picture with a record of ours in it."""
    record = PictureRecord(
        task_key=key, model="m", run_id=run_id, provider=provider, prompt_sha256="ab" * 32
    )
    return b"".join(provenance.embed(data, inspect(data), record))


def adopted(
    world: World,
    image: Path | None = None,
    target: str = BOWL,
    **choices: Any,  # noqa: ANN401
) -> AdoptReport:
    """Adopt a picture made by hand."""
    given = image or by_hand(world)
    tell = world.told.append
    return adopt.run(
        world.project, given, target, AdoptChoices(**choices), clock=world.clock, tell=tell
    )


def states(world: World) -> dict[str, str]:
    """Return the state of each target as plan sees it."""
    return {each.target.target_id: each.state for each in world.plan(LOOK).verdicts}


def entries(world: World, file: str) -> list[dict[str, Any]]:
    """Return the inventory at the top of an imagery.yaml."""
    data: Any = yaml12.load((world.root / file).read_bytes(), where=file)
    found: list[dict[str, Any]] = data["image_inventory"]
    return found
