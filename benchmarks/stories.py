"""Makes stories of any size, varied and always the same: the inputs of the measurements."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
import tempfile
import textwrap
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

VERSION: Final = 1  # to be raised when a story of the same size comes out differently
CACHE: Final = Path(
    os.environ.get("CACHE") or Path(tempfile.gettempdir()) / "chargen-batch-benchmarks"
)

_WORDS: Final = (  # noqa: SIM905 - a list would fill a page
    "amber anchor arch ash barge basin bell birch boat brass bridge bronze candle canvas chalk "
    "chapel clay cliff cloak cloth coal cobble copper cord cove crane creek dawn deck door dune "
    "dusk dust ember fern ferry field flint fog forge frost gable garden gate glass gravel gull "
    "hall harbour harvest hedge hill hinge horn ice iron ivory ivy kiln lamp lane lantern lead "
    "leather linen loom marsh mast meadow mill mist moon moss mountain net oak oar orchard paper "
    "path pebble pier pine plain pool quarry quill rain reed ridge river road roof rope rust salt "
    "sand shore silver slate smoke snow spire stair steam stone storm straw stream tar thatch tide "
    "timber tower valley vine wall water wave wheel willow wind window winter wood wool yard"
).split()
_RATIOS: Final = ("1:1", "3:4", "4:3", "16:9", "21:9", "2:3")
_MOODS: Final = ("hushed", "homely", "tense", "solemn", "bright")
_COMMENTED, _FOLDED, _PLAIN, _LONG = 0.02, 0.7, 0.5, 100  # how texts are written, by chance
_SHARES: Final = {"characters": 57, "locations": 30, "chapters": 34}  # of a real story's entities


def story(targets: int) -> Path:
    """Return a story of about ``targets`` targets, 4.6 KB of YAML each; made once, then kept."""
    folder = CACHE / f"story-{VERSION}-{targets}"
    if not folder.is_dir():
        making = CACHE / f".making-{VERSION}-{targets}"
        shutil.rmtree(making, ignore_errors=True)
        _Author(making, random.Random(targets)).write(targets)  # noqa: S311 - no secret
        making.rename(folder)
    return folder


def copy_of(source: Path) -> Path:
    """Return a copy of a story that may be planned in; an old one is replaced."""
    folder = CACHE / "copies" / source.name
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns(".chargen", ".git")
    shutil.copytree(source, folder, ignore=ignored, copy_function=_copy_writable)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    return folder


def _copy_writable(source: str, target: str) -> str:
    shutil.copyfile(source, target)
    return target


def yaml_files(story: Path) -> list[Path]:
    """Return the YAML files that a plan of a story reads."""
    names = ("image-ideas.yaml", "image_ideas.yaml", "imagery.yaml", "imagery.runs.yaml")
    found = [path for name in names for path in story.glob(f"*/*/{name}")]
    return sorted(path for path in found if path.parts[-3] in _SHARES)


@dataclass(slots=True)
class _Author:
    """Writes one story; every choice comes from one seeded source."""

    folder: Path
    chance: random.Random
    made: int = 0
    slugs: list[str] = field(default_factory=list)

    def write(self, targets: int) -> None:
        makers: dict[str, Callable[[str], int]] = {
            "characters": self._character,
            "locations": self._location,
            "chapters": self._chapter,
        }
        kinds = list(_SHARES)
        while self.made < targets:
            (kind,) = self.chance.choices(kinds, [*_SHARES.values()])
            slug = f"{self._name().lower().replace(' ', '-')}-{self.made}"
            self.made += makers[kind](slug)

    def _character(self, slug: str) -> int:
        self.slugs.append(slug)
        scenes = [self._scene() for _ in range(self.chance.randint(6, 16))]
        ideas = {
            "character": {"name": self._name(), "summary": self._text(40)},
            "visual_consistency": [self._text(8) for _ in range(4)],
            "scenes": scenes,
        }
        self._put(f"characters/{slug}/image-ideas.yaml", ideas)
        self._picture(f"characters/{slug}/images/portrait.png")
        kept = [self._entry(slug, str(scene["title"]), "characters") for scene in scenes]
        imagery = {
            "entity_type": "character",
            "slug": slug,
            "appearance": self._text(90),
            "image_inventory": kept,
        }
        self._put(f"characters/{slug}/imagery.yaml", imagery)
        prose = f"# {self._name()} - Profile\n\n{self._text(200)}\n"
        (self.folder / "characters" / slug / "profile.md").write_text(prose, "utf-8")
        return len(scenes)

    def _scene(self) -> dict[str, object]:
        return {
            "title": self._name() + f" {self.chance.randrange(10**6)}",
            "scene": self._text(60),
            "pose": self._text(20),
            "setting": self._text(25),
            "mood": self.chance.choice(_MOODS),
            "tags": self.chance.sample(_WORDS, 4),
            "depicts_characters": self.chance.sample(self.slugs, min(2, len(self.slugs))),
        }

    def _location(self, slug: str) -> int:
        zones = [self._zone(slug) for _ in range(self.chance.randint(4, 12))]
        beats = [self._spec(slug, "beat") for _ in range(self.chance.randint(2, 8))]
        data = {
            "metadata": {"slug": slug, "name": self._name(), "narrative_soul": self._text(20)},
            "generation_defaults": {"aspect_ratio": "4:3", "negative_prompts": ["neon", "cars"]},
            "overview": {**self._spec(slug, "overview"), "image_type": "establishing"},
            "zones": zones,
            "beat_images": beats,
        }
        self._put(f"locations/{slug}/imagery.yaml", data)
        images = (zone.get("images") for zone in zones)
        return 1 + len(beats) + sum(len(one) if isinstance(one, list) else 1 for one in images)

    def _zone(self, slug: str) -> dict[str, object]:
        zone = self._spec(slug, "zone")
        zone["default_prompt_elements"] = {
            "atmosphere": self._text(10),
            "must_include": self.chance.sample(_WORDS, 3),
            "must_avoid": self.chance.sample(_WORDS, 2),
        }
        if self._happens(0.4):
            zone["images"] = [self._spec(slug, "image") for _ in range(2)]
        return zone

    def _spec(self, slug: str, kind: str) -> dict[str, object]:
        target = f"{kind}-{self.chance.randrange(10**9)}"
        return {
            "slug": target,
            "title": self._name(),
            "visual_description": self._text(60),
            "composition_notes": self._text(25),
            "required_elements": [self._text(4) for _ in range(4)],
            "time_of_day": self.chance.choice(("dawn", "noon", "dusk", "night")),
            "weather": self._text(4),
            "lighting": {"primary_source": self._text(6), "quality": self._text(4)},
            "palette": {
                "dominant": self.chance.sample(_WORDS, 3),
                "avoid": self.chance.sample(_WORDS, 2),
            },
            "mood": self.chance.choice(_MOODS),
            "mood_rationale": self._text(20),
            "aspect_ratio": self.chance.choice(_RATIOS),
            "negative_prompt": ", ".join(self.chance.sample(_WORDS, 5)),
            "image_inventory": [self._entry(slug, target, "locations")],
        }

    def _chapter(self, slug: str) -> int:
        cast = self.chance.sample(self.slugs, min(4, len(self.slugs)))
        moments = [self._moment(f"m-{number}") for number in range(4)]
        images = [
            {
                **self._spec(slug, "image"),
                "custom_id": f"{slug}-{number}",
                "source_moment": f"m-{number % 4}",
                "characters_present": self.chance.sample(cast, min(2, len(cast))),
                **dict.fromkeys(("generated_at", "file_name", "file_path", "provider", "model")),
                "provider_metadata": {},
            }
            for number in range(self.chance.randint(6, 18))
        ]
        names = [{"ref": one, "name": self._name()} for one in cast]
        self._put(
            f"chapters/{slug}/imagery.yaml",
            {"title": self._name(), "characters": names, "moments": moments, "images": images},
        )
        return len(images)

    def _moment(self, moment_id: str) -> dict[str, object]:
        return {
            "id": moment_id,
            "title": self._name(),
            "narrative_beat": self._text(50),
            "emotional_beat": self._text(20),
            "visual_weight": self.chance.choice(("critical", "high", "medium", "low")),
        }

    def _entry(self, slug: str, target: str, kind: str) -> dict[str, object]:
        stem = target.lower().replace(" ", "-")
        path = f"images/{stem}-{self.chance.randint(1, 99):02}.png"
        if self._happens(0.8):
            self._picture(f"{kind}/{slug}/{path}")
        return {
            "id": stem,
            "path": path,
            "type": "generated",
            "status": self.chance.choice(("draft", "approved", "approved", "rejected")),
            "content": {
                "title": self._name(),
                "description": self._text(40),
                "alt_text": self._text(20),
                "tags": self.chance.sample(_WORDS, 5),
            },
            "analysis": {
                "traits": [self._text(2) for _ in range(8)],
                "features": [
                    {
                        "name": self._text(2),
                        "seen": self._happens(0.5),
                        "note": self._text(5),
                    }
                    for _ in range(6)
                ],
                "composition": {name: self._text(4) for name in ("front", "middle", "back")},
                "palette": self.chance.sample(_WORDS, 5),
            },
            "provenance": {"source": "another tool", "created_at": "2025-12-20T12:30:00Z"},
            "generation": {
                "target_id": stem,
                "seed": self.chance.randrange(2**31),
                "guidance": round(self.chance.uniform(1, 9), 2),
                "prompt_used": self._text(70),
            },
        }

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    def _name(self) -> str:
        return " ".join(word.title() for word in self.chance.sample(_WORDS, 2))

    def _text(self, words: int) -> str:
        said = self.chance.choices(_WORDS, k=words)
        for end in range(11, words, 12):
            said[end] += "."
        return " ".join(said).capitalize()

    def _picture(self, where: str) -> None:
        path = self.folder / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(self.chance.randrange(2**24)))

    def _put(self, where: str, data: Mapping[str, object]) -> None:
        path = self.folder / where
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"# {where}: written by hand", *_lines(data, "", self.chance)]
        path.write_text("\n".join(lines) + "\n", "utf-8")


def _lines(
    value: Mapping[str, object] | list[object], indent: str, chance: random.Random
) -> Iterator[str]:
    """Yield a collection as block YAML, with the ways to write a text mixed as authors do."""
    is_list = isinstance(value, list)
    pairs = [("", item) for item in value] if isinstance(value, list) else value.items()
    for key, item in pairs:
        head = f"{indent}-" if is_list else f"{indent}{key}:"
        if isinstance(item, dict | list) and item:
            first, *rest = _lines(item, f"{indent}  ", chance)
            if is_list:
                first = f"{head} {first.strip()}"
            else:
                yield f"{head}  # {chance.choice(_WORDS)}" if chance.random() < _COMMENTED else head
            yield first
            yield from rest
        elif isinstance(item, str) and len(item) > _LONG and chance.random() < _FOLDED:
            yield f"{head} {chance.choice(('|', '>-'))}"
            yield from textwrap.wrap(
                item, 96, initial_indent=f"{indent}  ", subsequent_indent=f"{indent}  "
            )
        else:
            plain = isinstance(item, str) and item[0].isalpha() and chance.random() < _PLAIN
            yield f"{head} {item if plain else json.dumps(item)}"


def noise(number: int, size: int) -> bytes:
    """Return bytes that nothing compresses, other ones for each number."""
    return random.Random(number).randbytes(size)  # noqa: S311 - no secret


def picture(colour: int) -> bytes:
    """Return a picture of one pixel, as PNG."""
    pixel = b"\0" + colour.to_bytes(3, "big")
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(pixel)),
        (b"IEND", b""),
    )
    parts = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
