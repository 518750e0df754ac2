"""What apply enters into a story's files for finished pictures: entries and placeholders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from chargen_batch.story import placeholders
from chargen_batch.story.existing import REHEARSAL
from chargen_batch.story.inventory import node_at
from chargen_batch.story.locate import target_paths
from chargen_batch.story.portraits import asks_for_portrait
from chargen_batch.story.splice import Append, Fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chargen_batch.model.outcome import Picture
    from chargen_batch.model.task import BatchTask
    from chargen_batch.story.adopted import Adopted
    from chargen_batch.story.fields import YamlPath
    from chargen_batch.story.splice import Edit

INVENTORY = "image_inventory"
IMAGERY = "imagery.yaml"
PORTRAIT_FLAG = "is_reference_portrait"


@dataclass(frozen=True, slots=True)
class Finished:
    """A task whose pictures are written or that was answered; and when its job ended (ISO).

    ``again`` where that was entered before, and only what is gone is put back. ``adopted`` where a
    person entered the picture, at that moment, and no job drew it.
    """

    task: BatchTask
    pictures: tuple[Picture, ...]
    at: str
    analysis_json: str | None = None
    adopted: Adopted | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class WriteBack:
    """What one imagery.yaml gets.

    ``vanished`` are the tasks whose target is not in the story any more, ``entered`` those that
    the file lacks.
    """

    edits: tuple[Edit, ...]
    vanished: tuple[BatchTask, ...]
    entered: tuple[BatchTask, ...] = ()


def write_back(
    imagery: object,
    targets_in: object,
    finished: Sequence[Finished],
    *,
    run_id: str,
    provider: str,
    images_in_story: PurePosixPath,
) -> WriteBack:
    """Return the edits that enter finished pictures into one entity's imagery.yaml.

    A task whose key the file has already gets none: applying twice is applying once.

    Args:
        imagery: The file's data as it is now; ``None`` where there is no file.
        targets_in: The data that the entity's targets stand in: a character's image ideas,
            the others' ``imagery``.
        finished: The entity's finished tasks, in plan order.
        run_id: The run.
        provider: Who drew the pictures.
        images_in_story: The entity's image folder relative to the story root.

    """
    present = set(task_keys(imagery, rehearsal=provider == REHEARSAL))
    paths = _paths(finished, targets_in)
    appends: list[Append] = []
    fills: dict[YamlPath, Fill] = {}  # of several variants the last one shows
    vanished, entered = [], []
    for done in finished:
        task = done.task
        path = () if asks_for_portrait(task) else paths.get(task.target_id)
        if path is None:
            vanished.append(task)
        elif task.key not in present:
            entered.append(task)
            appends.append(Append(path, INVENTORY, entries(done, run_id, provider)))
            if task.entity_type == "chapter":
                name = PurePosixPath(done.pictures[0].path).name
                ours = placeholders.ours(
                    node_at(imagery, path), task, at=done.at, images=images_in_story
                )
                values = placeholders.values(
                    task, name, at=done.at, run_id=run_id, provider=provider, images=images_in_story
                )
                if done.adopted:
                    values = done.adopted.filled(values, ours)
                fills[path] = Fill(path, values, ours)
    return WriteBack((*appends, *fills.values()), tuple(vanished), tuple(entered))


def _paths(finished: Sequence[Finished], targets_in: object) -> dict[str, YamlPath]:
    """Return where the entries of each of an entity's targets go: looked up once for all tasks."""
    if not finished:
        return {}
    task = finished[0].task
    return target_paths(targets_in, task.entity_type, task.entity_slug)


def task_keys(data: object, *, rehearsal: bool) -> Iterator[str]:
    """Go through the task keys of all the entries in a file's data, the emulator's or the others.

    A rehearsal has the same keys as the real thing, and does not stand in its way.
    """
    if isinstance(data, dict):
        generation = data.get("generation")
        if isinstance(generation, dict) and isinstance(generation.get("task_key"), str):
            counts = (generation.get("provider") == REHEARSAL) == rehearsal
            yield from [generation["task_key"]] if counts else []
        children: Iterable[object] = data.values()
    else:
        children = data if isinstance(data, list) else ()
    for child in children:
        if isinstance(child, dict | list):
            yield from task_keys(child, rehearsal=rehearsal)


def entries(done: Finished, run_id: str, provider: str) -> tuple[dict[str, object], ...]:
    """Return a task's entries. Of a portrait the first picture is the reference from now on.

    But for a rehearsal's: real pictures would be drawn after it.
    """
    first, *others = [_entry(done, picture, run_id, provider) for picture in done.pictures]
    if asks_for_portrait(done.task) and provider != REHEARSAL:
        first = {"id": first.pop("id"), "path": first.pop("path"), PORTRAIT_FLAG: True, **first}
    return first, *others


def _entry(done: Finished, picture: Picture, run_id: str, provider: str) -> dict[str, object]:
    """Return an inventory entry (docs/story-format.md, "What is written")."""
    name = PurePosixPath(picture.path).name
    entry: dict[str, object] = {
        "id": PurePosixPath(name).stem,
        "path": f"images/{name}",
        "type": "generated",
        "status": "draft",
        "content": _content(done.task),
        "provenance": {"source": provider, "created_at": done.at, "original_filename": name},
        "generation": _generation(done.task, run_id, provider),
    }
    return done.adopted.told(entry, picture) if done.adopted else entry


def _content(task: BatchTask) -> dict[str, object]:
    tags = [*(tag for tag in task.tags if tag != "generated"), "generated"]
    return {
        "title": task.title,
        "description": task.description,
        "alt_text": first_sentence(task.description) or task.title,
        "tags": tags,
    }


def first_sentence(text: str) -> str:
    """Return a text's first sentence, its line breaks as spaces."""
    flat = " ".join(text.split())
    found = re.match(r".*?[.!?…](?=\s|$)", flat)
    return found[0] if found else flat


def _generation(task: BatchTask, run_id: str, provider: str) -> dict[str, object]:
    return {
        "task_key": task.key,
        "target_id": task.target_id,
        "variant": task.variant,
        "run_id": run_id,
        "provider": provider,
        "model": task.model,
        "prompt_used": task.prompt,
        "negative_prompt_used": task.negative_prompt,
        "constraints": {"aspect_ratio": task.aspect_ratio, "image_size": task.image_size},
        "reference_images": [
            {"path": image.path, "sha256": image.sha256, "role": image.role}
            for image in task.reference_images
        ],
    }
