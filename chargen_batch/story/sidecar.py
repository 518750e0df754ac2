"""The file beside a picture that was analysed: ``images/<file>.analysis.json``."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from chargen_batch.model.analysis import ImageAnalysis
from chargen_batch.story.existing import REHEARSAL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUFFIX: Final = ".analysis.json"


class Sidecar(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was seen in one picture, by whom; ``analysis_sha256`` shows whether it was edited."""

    schema_version: Literal[1] = 1
    task_key: str
    run_id: str
    provider: str
    model: str
    analyzed_at: str
    image: str
    image_sha256: str
    schema: str
    analysis_sha256: str = ""
    analysis: ImageAnalysis

    @property
    def is_untouched(self) -> bool:
        """Say whether the analysis still is what was written."""
        return self.analysis_sha256 == _sha256(self.analysis)


def is_rehearsal(entry: Mapping[str, object]) -> bool:
    """Say whether an inventory entry's words are the emulator's."""
    analysis = entry.get("analysis")
    return isinstance(analysis, dict) and analysis.get("provider") == REHEARSAL


def encoded(sidecar: Sidecar) -> bytes:
    """Return a sidecar as its file's bytes: indented, with a last newline."""
    whole = msgspec.structs.replace(sidecar, analysis_sha256=_sha256(sidecar.analysis))
    return msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"


def read(path: Path) -> Sidecar | None:
    """Read a picture's sidecar; ``None`` where there is none, or it is none of ours."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Sidecar)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def place(images: Path, sidecar: Sidecar) -> Path:
    """Return where a sidecar goes: beside its picture, but never over what a person wrote there."""
    path, other = places(images, sidecar)
    there = read(path)
    ours = there is not None and there.image == sidecar.image and there.is_untouched
    if path.is_symlink() or (path.exists() and not ours):
        return other
    return path


def places(images: Path, sidecar: Sidecar) -> tuple[Path, Path]:
    """Return where a sidecar may be: beside its picture, or else under a name with its key."""
    key_hash = sidecar.task_key.rpartition("@")[2]
    name = f"{sidecar.image}.{key_hash[:8]}{SUFFIX}"
    return images / f"{sidecar.image}{SUFFIX}", images / name


def _sha256(analysis: ImageAnalysis) -> str:
    return hashlib.sha256(msgspec.json.encode(analysis)).hexdigest()
