"""The worlds that processes are killed in: one for each scenario, and its copies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.killing.world import World

if TYPE_CHECKING:
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

    def new_world(self, folder: Path) -> World:
        """Return a world in a folder."""
        return World(folder, self.zygote, self.service, self.service.now)

    def before(self, scenario: Scenario) -> World:
        """Return a world in which the scenario's command comes next."""
        folder = self.new_folder()
        (folder / "service").mkdir(parents=True)
        scenario.write_story(folder / "project")
        (folder / "service/failing.txt").write_text(scenario.failing)
        made = self.new_world(folder)
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
