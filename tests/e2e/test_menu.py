"""The menu, as somebody at a terminal goes through it: a real pseudo-terminal, real keys."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.e2e.commands import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples/lantern-coast"
MAIN, NOW = "What next?", "And now?"
ESCAPE, CTRL_C, CTRL_D, DOWN = "\x1b", "\x03", "\x04", "\x1b[B"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass(slots=True)
class Person:
    """Somebody at a terminal, in a story."""

    project: Path
    screen: pexpect.spawn[str]

    def sees(self, text: str) -> str:
        """Wait until a text comes; return what came before it, without colours."""
        self.screen.expect_exact(text)
        before: str = self.screen.before or ""
        return CONTROL.sub("", before)

    def types(self, *commands: str) -> None:
        """Wait until the menu shows that it types these commands."""
        for command in commands:
            self.screen.expect(rf"\$ chargen-batch {re.escape(command)}(\x1b\[[0-9;]*m)*\r+\n")

    def asked(self, question: str, *keys: str) -> None:
        """Wait for a question to be there for good, and press keys, and Enter."""
        self.sees(question)
        self.sees("leaves)" if question == MAIN else "goes back)")
        for key in (*keys, "\r"):
            self.screen.send(key)

    def chooses(self, item: str, key: str) -> None:
        """Wait until there is such a thing to choose, and take it."""
        self.sees(item)
        self.screen.send(f"{key}\r")

    def leaves(self) -> int:
        """Quit, and return the exit code."""
        self.asked(MAIN, "q")
        return self.ended()

    def ended(self) -> int:
        """Wait for the end, and return the exit code."""
        self.screen.expect(pexpect.EOF)
        self.screen.close()
        code: int | None = self.screen.exitstatus
        assert code is not None
        return code

    def run_ids(self) -> list[str]:
        """Return the runs that there are, oldest first."""
        folder = self.project / ".chargen" / "batch"
        return sorted(path.parent.name for path in folder.glob("[!.]*/state.json"))

    def phase(self, run_id: str) -> str:
        """Return a run's phase."""
        state = self.project / ".chargen/batch" / run_id / "state.json"
        return str(json.loads(state.read_bytes())["phase"])


def at_terminal(project: Path, *options: str, columns: int = 150) -> Person:
    """Sit down at a terminal in a story and type `menu`."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(project.parent),
        "TERM": "xterm-256color",
        "PROMPT_TOOLKIT_NO_CPR": "1",  # this terminal does not say where its cursor is
        "NO_COLOR": "1",
    }
    command = ["-m", "chargen_batch", "menu", *options]
    screen = pexpect.spawn(
        sys.executable,
        command,
        cwd=project,
        env=environment,
        encoding="utf-8",
        dimensions=(40, columns),
        timeout=30,
    )
    screen.delaybeforesend = None
    return Person(project, screen)


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """Give the example story."""
    project = tmp_path / "story"
    shutil.copytree(EXAMPLE, project)
    return project


@pytest.fixture
def person(story: Path) -> Iterator[Person]:
    """Give somebody who has typed `menu` in the example story."""
    somebody = at_terminal(story)
    yield somebody
    somebody.screen.close(force=True)


def trouble(project: Path, text: str) -> None:
    """Tell the embedded emulator to misbehave."""
    folder = project / ".chargen" / "emulator"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trouble.toml").write_text(text)


def generate_characters(person: Person) -> None:
    """Let the characters be drawn."""
    person.asked(MAIN, "g")
    person.asked("Draw what?", "c")
    person.types("plan --scope characters --dry-run")
    person.asked(NOW, "d")
    person.types("run --scope characters --yes")


def test_person_draws_a_part_of_the_story_and_reads_its_report(person: Person) -> None:
    generate_characters(person)
    told = person.sees("-- done (exit code 0)")
    (run_id,) = person.run_ids()
    assert f"run {run_id}: completed, 10 of 10 done, 0 failed" in told
    person.asked(MAIN, "r")
    person.asked("How?", "h")
    person.types(f"report --run {run_id}")
    assert "10 of 10 done" in person.sees("-- done (exit code 0)")
    assert (person.leaves(), person.phase(run_id)) == (0, "completed")


def test_table_and_price_are_seen_before_anything_is_drawn(person: Person) -> None:
    person.asked(MAIN, "g")
    person.asked("Draw what?", "w")
    person.types("plan --dry-run")
    table = person.sees("-- done (exit code 0)")
    assert "24 to draw, about $1.6" in table
    assert "the-ribs-of-a-boat" in table
    person.asked(NOW, "b")
    assert (person.leaves(), person.run_ids()) == (0, [])


def test_filters_are_chosen_and_shown_as_options(person: Person) -> None:
    person.asked(MAIN, "g")
    person.asked("Draw what?", "c")
    person.asked(NOW, "o")
    person.asked("Which of them?", " ")
    person.types("plan --scope characters --only bas-pellam --dry-run")
    person.asked(NOW, "n")
    person.asked("Which targets?", "two-*")
    person.types("plan --scope characters --only bas-pellam --target 'two-*' --dry-run")
    person.asked(NOW, "m")
    person.asked("What shall be otherwise?", "h")
    person.asked("How many of each?", "\x7f", "2")
    person.types(
        "plan --scope characters --only bas-pellam --target 'two-*' --variants 2 --dry-run"
    )
    assert "2 to draw" in person.sees("-- done")
    person.asked(NOW, "l")
    person.types("plan --scope characters --only bas-pellam --target 'two-*' --variants 2")
    assert person.leaves() == 0
    assert [person.phase(run_id) for run_id in person.run_ids()] == ["planned"]


def test_run_that_was_interrupted_is_gone_on_with(story: Path) -> None:
    trouble(story, "[pace]\nlooks_to_finish = 100000\n")
    person = at_terminal(story)
    generate_characters(person)
    person.sees("asking again in")
    person.screen.send(CTRL_C)
    person.sees("interrupted")
    person.sees("(exit code 130)")
    (run_id,) = person.run_ids()
    trouble(story, "")
    person.chooses("Go on with a run (1 unfinished)", "o")
    person.types(f"resume --run {run_id} --wait --interval 1")
    person.sees("-- done (exit code 0)")
    assert (person.leaves(), person.phase(run_id)) == (0, "completed")


def test_failed_tasks_are_seen_and_sent_again(story: Path) -> None:
    trouble(story, '[rows]\n"character/bas-pellam/*" = "text_only"\n')
    person = at_terminal(story)
    generate_characters(person)
    assert "NO_IMAGE_DATA" in person.sees("(exit code 4)")
    trouble(story, "")
    (parent,) = person.run_ids()
    person.chooses("Failed tasks: see why, send again (3 task(s))", "f")
    person.types(f"report --run {parent}")
    person.chooses("Send again what may pass (3)", "s")
    person.types(f"retry --run {parent}")
    person.asked(
        "3 task(s) are planned again, $0.204 if it were paid (rehearsal). Submit them?", "y"
    )
    _, child = person.run_ids()
    person.types(f"resume --run {child} --wait --interval 1 --yes")
    person.sees("-- done (exit code 0)")
    assert (person.leaves(), person.phase(child)) == (0, "completed")


def test_analysis_is_planned_from_the_menu(person: Person) -> None:
    person.asked(MAIN, "a")
    person.asked("Pictures of what shall be analysed?", "c")
    person.types("plan --scope characters --mode analyze --dry-run")
    assert "to analyse" in person.sees("-- done (exit code 0)")
    person.asked(NOW, "b")
    assert person.leaves() == 0


def test_settings_and_history_are_shown(person: Person) -> None:
    person.asked(MAIN, "s")
    person.asked("Settings", "e")
    person.types("config")
    assert "batch.backend" in person.sees("-- done (exit code 0)")
    person.asked(MAIN, "h")
    person.types("runs")
    person.asked("More?", "h")
    person.types("status --story")
    assert "bas-pellam" in person.sees("-- done (exit code 0)")
    person.asked("More?", "b")
    assert person.leaves() == 0


def test_what_is_typed_while_a_run_is_at_work_is_no_answer(story: Path) -> None:
    trouble(story, "[pace]\nlooks_to_finish = 3\n")
    person = at_terminal(story)
    generate_characters(person)
    person.sees("asking again in")
    assert not person.screen.getecho()
    person.screen.send("\r\r")
    person.sees("-- done (exit code 0)")
    assert person.leaves() == 0


def test_money_is_spent_only_after_a_second_question(person: Person) -> None:
    person.asked(MAIN, "s")
    person.asked("Settings", "s")
    person.asked("Which service shall be used?", "g")
    person.asked(MAIN, "g")
    person.asked("Draw what?", "c")
    person.types("plan --scope characters --dry-run --backend gemini")
    person.asked(NOW, "d")
    person.asked("Drawing 10 picture(s) costs about $0.678. Spend that?")
    person.asked(NOW, "b")
    assert (person.leaves(), person.run_ids()) == (0, [])


def test_escape_goes_back_and_then_ends(person: Person) -> None:
    person.asked(MAIN, "g")
    person.sees("Draw what?")
    person.sees("goes back)")
    person.screen.send(ESCAPE)
    person.sees("back in the menu")
    person.sees(MAIN)
    person.sees("Esc leaves)")
    person.screen.send(ESCAPE)
    person.sees("the menu has ended")
    assert person.ended() == 0


def test_ctrl_c_goes_back_and_then_ends(person: Person) -> None:
    person.asked(MAIN, "s")
    person.sees("Settings")
    person.sees("goes back)")
    person.screen.send(CTRL_C)
    person.sees("back in the menu")
    person.sees(MAIN)
    person.sees("leaves)")
    person.screen.send(CTRL_C)
    assert person.ended() == 0


def test_ctrl_d_goes_back_and_then_ends_as_escape_does(person: Person) -> None:
    person.asked(MAIN, "g")
    person.sees("Draw what?")
    person.sees("goes back)")
    person.screen.send(CTRL_D)
    person.sees("back in the menu")
    person.sees(MAIN)
    person.sees("leaves)")
    person.screen.send(CTRL_D)
    assert person.ended() == 0


def test_empty_folder_begins_with_the_example(tmp_path: Path) -> None:
    person = at_terminal(tmp_path)
    person.chooses("Begin with an example", "e")
    person.types("init --example")
    person.sees("-- done (exit code 0)")
    person.asked(MAIN, "g")
    person.asked("Draw what?", "w")
    assert "24 target(s): 24 new" in person.sees("-- done (exit code 0)")
    person.asked(NOW, "b")
    assert person.leaves() == 0


def test_without_a_terminal_the_commands_are_named(story: Path) -> None:
    ran = CommandLine(story)("menu")
    assert (ran.code, ran.out) == (2, "")
    error, hint = ran.err.splitlines()
    assert error == "error: the menu is for a person at a terminal"
    assert all(name in hint for name in ("plan", "run", "resume", "report", "--help"))


def test_without_colour_there_is_none(person: Person) -> None:
    person.chooses("Quit", "q")
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", person.screen.before or "") is None
    assert person.ended() == 0
