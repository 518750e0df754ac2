"""Whatever chargen.yaml holds, it is read or told."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chargen_batch import config

NAMES = [setting.name for setting in config.all_settings(config.read(Path.cwd(), {}, {})[0])]
STEPS = sorted({step for name in NAMES for step in name.split(".")})
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(STEPS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def problems_of(content: bytes) -> tuple[config.Project, int]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / config.CONFIG_NAME).write_bytes(content)
        project, problems = config.read(Path(folder), {}, {})
    return project, len(problems)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(st.sampled_from(STEPS), VALUES, max_size=4))
def test_any_settings_are_read_or_told(data: dict[str, object]) -> None:
    project, _ = problems_of(json.dumps(data).encode())
    assert config.model_facts(project.settings, "m").sizes


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_told(content: bytes) -> None:
    project, problems = problems_of(content)
    assert problems or project.settings.batch.max_tasks_per_job >= 1
