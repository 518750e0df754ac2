"""Make the pictures of the documentation: the terminal as SVG, the page as PNG.

From the example story and the emulator only, in a folder of its own. It needs tmux, to be a
terminal, and Chromium (``CHROMIUM``, or one on the PATH).
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

HERE: Final = Path(__file__).parent
EXAMPLE: Final = HERE.parents[1] / "examples/lantern-coast"
PATIENCE_S: Final = 120.0
LOOK_S: Final = 0.05
PROMPT: Final = "$"
# Whether every picture that is on the screen has come.
SEEN: Final = """() => [...document.images].every(each =>
    each.getBoundingClientRect().top > innerHeight || (each.complete && each.naturalWidth))"""

SCROLL: Final = "each => each.scrollIntoView({behavior: 'instant'})"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal of so many columns and lines, in which a shell waits in the story."""

    socket: str
    story: Path
    columns: int = 120
    lines: int = 60

    def tmux(self, *words: str) -> str:
        """Give tmux a command and return what it prints."""
        command = ("tmux", "-L", self.socket, "-f", "/dev/null", *words)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours

    def begin(self) -> None:
        """Open the terminal."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        size = ("-x", str(self.columns), "-y", str(self.lines))
        shell = (
            f"env -i HOME='{self.story.parent}' PATH='{path}' TERM=tmux-256color PS1='{PROMPT} '"
        )
        speed = "CHARGEN_BATCH__POLL_INTERVAL_S=0.5 COLORTERM=truecolor LANG=C.UTF-8"
        self.tmux("new-session", "-d", *size, "-c", str(self.story), f"{shell} {speed} sh")
        self.until(PROMPT)

    def end(self) -> None:
        """Close the terminal."""
        self.tmux("kill-server")

    def type(self, *keys: str) -> None:
        """Type keys, by tmux's names."""
        self.tmux("send-keys", *keys)

    def screen(self, *how: str) -> str:
        """Return what stands on the screen, with its colours; nothing of this machine's paths."""
        seen = self.tmux("capture-pane", "-p", "-e", *how).rstrip()
        return seen.replace(str(self.story.parent), "~")

    def until(self, last: str) -> str:
        """Wait until the last line of the screen holds a pattern, and return the screen."""
        for _ in self._looks():
            screen = self.screen()
            if re.search(last, _plain(screen).rpartition("\n")[2]):
                return screen
        raise TimeoutError(f"{last!r} did not come:\n{self.screen()}")

    def shown(self, pattern: str) -> str:
        """Wait until the screen holds a pattern anywhere, and return the screen."""
        for _ in self._looks():
            screen = self.screen()
            if re.search(pattern, _plain(screen)):
                return screen
        raise TimeoutError(f"{pattern!r} did not come:\n{self.screen()}")

    def run(self, command: str) -> str:
        """Type a command on a clean screen and return the screen when it has ended."""
        self.begin_typing(command)
        return self.until(rf"^\{PROMPT}$")

    def begin_typing(self, command: str) -> None:
        """Type a command on a clean screen, at a new shell."""
        self.tmux("respawn-pane", "-k")
        self.until(rf"^\{PROMPT}$")
        self.type("-l", command)
        self.type("Enter")

    @staticmethod
    def _looks() -> Iterator[None]:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            time.sleep(LOOK_S)
            yield


def _plain(screen: str) -> str:
    return Text.from_ansi(screen).plain.rstrip()


def drawn(screen: str, name: str, *, title: str, columns: int, most: int = 60) -> None:
    """Write a screen as an SVG; its last prompt and what is beyond ``most`` lines are left out."""
    lines = screen.splitlines()
    if _plain(lines[-1]) == PROMPT:
        lines.pop()
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True)
    for line in lines[:most]:
        console.print(Text.from_ansi(line), no_wrap=True, crop=True)
    svg = console.export_svg(title=title, theme=MONOKAI)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # nothing from the network
    svg = svg.replace("Fira Code", "ui-monospace, Menlo, Consolas")
    (HERE / f"{name}.svg").write_text(svg, "utf-8")


def chromium() -> str:
    """Return the browser."""
    names = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit("no Chromium: install it, or say where it is by CHROMIUM")
    return found


@contextmanager
def browser(height: int) -> Iterator[Page]:
    """Give a page of the browser."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened.new_page(viewport={"width": 1200, "height": height})
        opened.close()


def photographed(page: Page, name: str) -> None:
    """Write what a page shows as a PNG of few colours, when its pictures are there."""
    page.wait_for_function(SEEN)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = shot.quantize(96, dither=Image.Dither.NONE)
    few.save(HERE / f"{name}.png", optimize=True)


def main() -> None:
    """Make them all."""
    with tempfile.TemporaryDirectory(prefix="lantern-coast-") as folder:
        story = Path(folder, "lantern-coast")
        shutil.copytree(EXAMPLE, story)
        terminal = Terminal(f"chargen-docs-{os.getpid()}", story)
        terminal.begin()
        try:
            before_the_run(terminal)
            the_run(terminal)
            the_page(terminal)
        finally:
            terminal.end()


def before_the_run(terminal: Terminal) -> None:
    """Show the plan, a prompt and the menu."""
    width = terminal.columns
    command = "chargen-batch plan --dry-run --scope characters"
    drawn(terminal.run(command), "plan", title=command, columns=width)
    command = "chargen-batch show two-mugs"
    drawn(terminal.run(command), "show", title=command, columns=width, most=25)
    terminal.begin_typing("chargen-batch menu")
    screen = terminal.shown(r"Quit")
    drawn(screen, "menu", title="chargen-batch menu", columns=width)
    terminal.type("q", "Enter")
    terminal.until(rf"^\{PROMPT}$")


def the_run(terminal: Terminal) -> None:
    """Show a run while its job is at work."""
    terminal.begin_typing("chargen-batch run --interval 4")
    terminal.shown(r"(?i)\[y/n\]")
    terminal.type("y", "Enter")
    screen = terminal.shown(r"job 1.*━")
    drawn(screen, "run", title="chargen-batch run", columns=terminal.columns)
    terminal.until(rf"^\{PROMPT}$")


def the_page(terminal: Terminal) -> None:
    """Show the report, and the review that is served."""
    (report,) = terminal.story.glob(".chargen/batch/*/report.html")
    with browser(height=1750) as page:
        page.goto(report.as_uri())
        photographed(page, "report")
        page.set_viewport_size({"width": 1200, "height": 760})
        page.get_by_role("heading", name="bas-pellam").evaluate(SCROLL)
        photographed(page, "pictures")
    terminal.begin_typing("chargen-batch review --no-open")
    terminal.shown(r"http://\S+")
    told = _plain(terminal.screen("-J"))  # an address may go over two lines
    with browser(height=1250) as page:
        page.goto("http://" + told.partition("http://")[2].split()[0])
        page.get_by_role("button", name="Approve").first.click()
        page.get_by_text("1 approved").wait_for()
        photographed(page, "review")
    terminal.type("C-c")
    terminal.until(rf"^\{PROMPT}$")


if __name__ == "__main__":
    main()
