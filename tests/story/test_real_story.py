"""A real project's files, beside the repository where there are any; counted straight from YAML."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from chargen_batch.model.settings import Settings
from chargen_batch.story.locate import target_paths
from chargen_batch.story.scan import scan
from tests.story.builder import FACTS, problems

REAL = Path(__file__).parents[2].parent / "shared" / "story"
BROKEN = "locations/undershade-canyon/imagery.yaml"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real story is not here")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the real story without its broken file."""
    copy = tmp_path_factory.mktemp("real") / "story"
    shutil.copytree(REAL, copy, ignore=shutil.ignore_patterns("imagery.runs.yaml"))
    (copy / BROKEN).chmod(0o644)
    (copy / BROKEN).parent.chmod(0o755)
    (copy / BROKEN).unlink()
    return copy


def yaml_files(story: Path, glob: str) -> list[dict[str, Any]]:
    files = [path for path in sorted(story.glob(glob)) if "-template" not in path.parent.name]
    return [yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) for path in files]


def counted(story: Path) -> Counter[str]:
    """Count what the files ask for, without any code of ours."""
    count: Counter[str] = Counter()
    for ideas in yaml_files(story, "characters/*/image-ideas.yaml"):
        count["scenes"] += len(ideas["scenes"])
    for place in yaml_files(story, "locations/*/imagery.yaml"):
        zones = place.get("zones") or []
        count["zones"] += sum(not zone.get("images") for zone in zones)
        count["zone images"] += sum(len(zone.get("images") or []) for zone in zones)
        count["beats"] += len(place.get("beat_images") or [])
        overview = place["overview"]
        single = {"image_type", "type", "framing", "description"} & overview.keys()
        count["overviews"] += 1 if single else len(overview)
    for chapter in yaml_files(story, "chapters/*/imagery.yaml"):
        count["images"] += len(chapter["images"])
    return count


def kind(path: tuple[str | int, ...]) -> str:
    if len(path) == 4:
        return "zone images"
    return {"overview": "overviews", "beat_images": "beats"}.get(str(path[0]), str(path[0]))


def test_every_target_of_the_real_story_is_found(story: Path) -> None:
    found = scan(story, Settings(), facts=FACTS)
    assert found.problems == ()
    assert Counter(kind(target.yaml_path) for target in found.targets) == counted(story)
    assert counted(story) == {
        "scenes": 189, "zones": 86, "zone images": 18, "overviews": 10, "beats": 28, "images": 74,
    }  # fmt: skip


def test_the_broken_file_is_one_problem_at_its_place_and_the_rest_is_found() -> None:
    found = scan(REAL, Settings(), facts=FACTS)
    message = "did not find expected key (while parsing a block mapping, line 365, column 7)"
    message += ": text goes on behind the closing quote: quote all of it"
    assert problems(found) == [f"{BROKEN}:366:54: {message}"]
    assert len(found.targets) == 405


def test_every_target_stands_where_apply_will_look_for_it(story: Path) -> None:
    for target in scan(story, Settings(), facts=FACTS).targets:
        data = yaml.load((story / target.file).read_bytes(), Loader=yaml.CSafeLoader)
        path = target_paths(data, target.entity_type, target.entity_slug)[target.target_id]
        assert path == (() if target.entity_type == "character" else target.yaml_path)
        for step in target.yaml_path:
            data = data[step]
        assert isinstance(data, dict)


def test_a_scan_takes_at_most_about_twice_the_time_of_a_plain_parse(story: Path) -> None:
    def seconds(work: object) -> float:
        begun = time.process_time()  # what else the machine does is not counted
        assert callable(work)
        work()
        return time.process_time() - begun

    plain = min(seconds(lambda: yaml_files(story, "*/*/*.yaml")) for _ in range(3))
    scanned = min(seconds(lambda: scan(story, Settings(), facts=FACTS)) for _ in range(3))
    assert scanned < 3 * plain  # measured about 1
