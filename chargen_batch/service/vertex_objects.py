"""An object of the bucket as the service told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Self

from chargen_batch.core.limits import KEPT_DAYS, VERTEX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.cloud import storage

    from chargen_batch.service.vertex_measure import Measure

# By the lifecycle rule that doctor suggests, which counts from when an object was written.
LIFE: Final = timedelta(days=KEPT_DAYS)
NEEDED_LIFE: Final = timedelta(hours=VERTEX.needed_life_h)
SHA256: Final = "sha256"  # in an object's own metadata, as is its display name
DISPLAY_NAME: Final = "display-name"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in the bucket; ``generation`` says which of those that were called so."""

    name: str
    size: int
    crc32c: str
    generation: int
    mime: str
    metadata: Mapping[str, str]
    written_at: datetime | None = None

    @classmethod
    def of(cls, blob: storage.Blob) -> Self:
        """Read what Google's library knows of an object."""
        return cls(
            name=blob.name,
            size=int(blob.size),
            crc32c=blob.crc32c or "",
            generation=int(blob.generation),
            mime=blob.content_type or "",
            metadata=dict(blob.metadata or {}),
            written_at=blob.time_created,
        )

    @property
    def expires_at(self) -> datetime | None:
        """Return until when it is counted on: a lifecycle rule may remove it from then on."""
        return self.written_at + LIFE if self.written_at else None

    @property
    def is_old(self) -> bool:
        """Say whether it may be gone before a job that is created now has ended."""
        expires = self.expires_at
        return expires is not None and expires <= datetime.now(UTC) + NEEDED_LIFE

    def is_what(self, told: Measure) -> bool:
        """Say whether its content is the one that was measured."""
        return (self.size, self.crc32c) == (told.size, told.crc32c)
