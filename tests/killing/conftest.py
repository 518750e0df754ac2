"""The processes that are killed, and the worlds that they are killed in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.killing import vertex, world
from tests.killing.worlds import Worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.killing.vertex import VertexWorlds
    from tests.killing.world import Service, Zygote


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """Give the process that forks; what its children do is not measured, they are killed."""
    environ = {name: value for name, value in os.environ.items() if "COV" not in name}
    with world.zygote(environ) as running:
        yield running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Give the one emulator, on the one port that runs are pinned to."""
    with world.service(tmp_path_factory.mktemp("nothing")) as running:
        yield running


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory, zygote: Zygote, service: Service) -> Worlds:
    """Give what makes worlds."""
    return Worlds(tmp_path_factory.mktemp("worlds"), zygote, service)


@pytest.fixture(scope="session")
def vertex_worlds(
    tmp_path_factory: pytest.TempPathFactory, zygote: Zygote
) -> Iterator[VertexWorlds]:
    """Give what makes worlds on Vertex AI."""
    with vertex.vertex_worlds(tmp_path_factory, zygote) as running:
        yield running
