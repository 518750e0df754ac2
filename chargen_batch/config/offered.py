"""Whether the model that draws offers what the project's defaults ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.config.file import CONFIG_NAME, ConfigFile
from chargen_batch.config.models import model_facts
from chargen_batch.config.project import all_settings
from chargen_batch.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.config.project import Project


def not_offered(project: Project) -> tuple[Problem, ...]:
    """Return the default shapes that the project's model does not offer, with their places."""
    return tuple(_not_offered(project))


def _not_offered(project: Project) -> Iterator[Problem]:
    model = project.settings.models.generate
    facts = model_facts(project.settings, model)
    offered = {"aspect_ratio": facts.ratios, "image_size": facts.sizes}
    file = ConfigFile.read(project.root / CONFIG_NAME)
    for setting in all_settings(project):
        group, _, last = setting.name.rpartition(".")
        if not group.startswith("defaults.") or setting.value in offered[last]:
            continue
        choice = f"expected one of {', '.join(offered[last])}"
        message = f"{choice} (what {model} offers), found {setting.value!r}"
        if setting.origin == CONFIG_NAME:
            file.fault(tuple(setting.name.split(".")), message)
            yield file.problems[-1]
        else:
            yield Problem(setting.origin, 0, 0, message, setting.name)
