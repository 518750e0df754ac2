"""What is only there when it was installed along, and what to type when it was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chargen_batch.errors import ConfigError

if TYPE_CHECKING:
    from chargen_batch.model.settings import VertexSettings
    from chargen_batch.service.vertex_service import VertexService

# What chargen-batch[vertex] brings.
_OF_VERTEX = ("google.cloud", "google.api_core", "google_crc32c", "requests", "urllib3")


def connect_to_vertex(settings: VertexSettings, base_url: str | None) -> VertexService:
    """Load and open the Vertex AI backend.

    Args:
        settings: What the project says of it.
        base_url: What GOOGLE_VERTEX_BASE_URL says; None is Google.

    Raises:
        ConfigError: What it needs is not installed, a setting is missing, or nobody is logged in.

    """
    try:
        from chargen_batch.service import vertex
    except ImportError as err:
        if not (err.name or "").startswith(_OF_VERTEX):
            raise
        raise ConfigError(
            f"the backend vertex needs {err.name}, which is not installed",
            hint="install it along: pip install 'chargen-batch[vertex]'",
        ) from err
    return vertex.connect(settings, base_url=base_url)
