"""The processes that are killed, and the worlds that they are killed in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.killing import world
from tests.killing.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.killing.scenarios import Scenario
    from tests.killing.watching import Event
    from tests.killing.world import Service, Zygote


@dataclass(frozen=True, slots=True)
class Known:
    """A scenario's world just before its command, what that does, what then is, and the end."""

    start: World
    events: list[Event]
    after: dict[str, str]
    end_state: dict[str, str]
    stride: int = 1

    @property
    def points(self) -> range:
        """Return the events at which the command is killed."""
        return range(0, len(self.events), self.stride)


@dataclass(slots=True)
class Worlds:
    """Makes worlds, each scenario's only once."""

    folder: Path
    zygote: Zygote
    service: Service
    known: dict[Scenario, Known] = field(default_factory=dict)
    made: int = 0

    def new_folder(self) -> Path:
        """Return a folder that is not there yet."""
        self.made += 1
        return self.folder / f"{self.made:04d}"

    def before(self, scenario: Scenario) -> World:
        """Return a world in which the scenario's command comes next."""
        folder = self.new_folder()
        (folder / "service").mkdir(parents=True)
        scenario.write_story(folder / "project")
        (folder / "service/failing.txt").write_text(scenario.failing)
        made = World(folder, self.zygote, self.service, self.service.now)
        made.to_end(*scenario.before)
        scenario.arrange(made)
        return made

    def know(self, scenario: Scenario) -> Known:
        """Live through a scenario in which nobody dies."""
        if scenario not in self.known:
            start = self.before(scenario)
            whole = start.copy(self.new_folder())
            events = whole.recorded(scenario.command)
            after = whole.to_end(scenario.command).end_state()
            end_state = whole.to_end(*scenario.after).end_state()
            self.known[scenario] = Known(start, events, after, end_state, scenario.stride)
        return self.known[scenario]


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
