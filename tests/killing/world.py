"""A project and its emulated service, and commands that are typed at them and may be killed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chargen_batch.emulator import world as emulated
from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.server import serve
from tests.killing.watching import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.emulator.server import Emulator

ROOT: Final = Path(__file__).parents[2]
KEY: Final = "nobodys-key"
PIPELINE: Final = ("plan", "stage", "submit", "poll", "download", "apply", "report")
NOT_READY: Final = 75
# Longer than the story's adopt_wait_s.
A_WHILE: Final = timedelta(seconds=61)
_ROUNDS: Final = 8
# Done, or done and some tasks failed.
_ENDED: Final = frozenset({0, 4})
_BUG: Final = 70
_RUN_ID: Final = re.compile(r"\d{8}T\d{6}Z-\w{4}")
_SECONDS: Final = re.compile(
    r'("(?:plann|stag|submitt|runn|download|apply|complet)(?:ed|ing)": )[\d.]+'
)
_ADOPTED: Final = re.compile(r'(?<=source: "adopted")(\s+created_at: )"[^"]*"')
_FINGERPRINT: Final = re.compile(r'(?<="keyFingerprint": ")[0-9a-f]{16}')
_TIME: Final = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|(?<="durationMs": )\d+')
# A page says them to people, and draws how long each phase took.
_SHOWN_TIME: Final = re.compile(r'<time datetime="[^"]*">[^<]*</time>|(?<=<meter )[^>]*')
# The service's own times are the same in every world; these files have the commands' times too.
_TIMED: Final = ("state.json", "plan.json", "files-cache.jsonl", "report.json", "report.html")


class Zygote:
    """The process that forks our commands."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def __call__(self, **order: Any) -> dict[str, int]:  # noqa: ANN401 - any JSON
        """Give an order and return the answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, int] = json.loads(self._process.stdout.readline())
        return answer


@contextlib.contextmanager
def zygote(environ: dict[str, str]) -> Iterator[Zygote]:
    """Start the process that forks; it ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.killing.zygote"],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield Zygote(process)
        process.communicate()


@dataclass(slots=True)
class Service:
    """One emulator on one port, that shows one world's state at a time."""

    emulator: Emulator
    now: datetime
    pace: Pace

    def show(self, folder: Path) -> None:
        """Serve another state from here on."""
        if self.emulator.world.root == folder:
            return
        shown = emulated.World(folder, now=lambda: self.now)
        failing = folder / "failing.txt"
        globs = tuple(failing.read_text("utf-8").splitlines()) if failing.exists() else ()
        shown.pace = replace(self.pace, failing=globs)
        counted = 0

        def new_id(length: int, about: str) -> str:
            """Give equal files equal ids, so that what was sent again leads to the same bytes."""
            nonlocal counted
            if about.startswith("job "):
                with (folder / "created.txt").open("a", encoding="utf-8") as created:
                    created.write(f"{about}\n")
                about += f" number {created_jobs(folder).count(about)}"
            elif about.startswith("upload "):
                counted += 1
                about += f" {counted}"
            about = _RUN_ID.sub("RUN", about)
            return str(int(hashlib.sha256(about.encode()).hexdigest(), 16))[:length]

        shown.new_id = new_id
        vars(self.emulator.world).update(vars(shown))


@contextlib.contextmanager
def service(folder: Path, pace: Pace | None = None) -> Iterator[Service]:
    """Serve whichever world is typed at, while the block lasts; no fault may be left over."""
    pace = pace or Pace(looks_to_start=0, looks_to_finish=1)
    with serve(folder, pace=pace) as emulator:
        yield Service(emulator, datetime.now(UTC).replace(microsecond=0), pace)
        assert emulator.faults.pending() == {}


def created_jobs(service_folder: Path) -> list[str]:
    """Return what every job that was ever created is, in order."""
    path = service_folder / "created.txt"
    return path.read_text("utf-8").splitlines() if path.exists() else []


@dataclass(slots=True)
class World:
    """A folder with a project and its service's state; each command is a process of its own."""

    folder: Path
    zygote: Zygote
    service: Service
    now: datetime
    key: str = KEY
    typed: int = 0
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        """Return the project's folder."""
        return self.folder / "project"

    @property
    def run(self) -> Path:
        """Return the current run's folder."""
        runs = self.project / ".chargen/batch"
        return runs / (runs / "current").read_text().strip()

    @property
    def state(self) -> dict[str, Any]:
        """Read the current run's state, as anyone can."""
        state: dict[str, Any] = json.loads((self.run / "state.json").read_bytes())
        return state

    @property
    def created(self) -> list[str]:
        """Return every job that the service was ever made to create."""
        return created_jobs(self.folder / "service")

    def copy(self, folder: Path) -> World:
        """Return a world that goes its own way from here."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return replace(self, folder=folder, environ=dict(self.environ))

    def move(self, folder: Path) -> None:
        """Carry the project to another place."""
        folder.mkdir()
        self.project.rename(folder / "project")
        (self.folder / "service").rename(folder / "service")
        self.folder = folder

    def __call__(self, command: str, **fate: Any) -> int:  # noqa: ANN401 - as the zygote takes it
        """Type a command and return its exit code, minus the signal for one that was killed."""
        return self.start(command, **fate)["code"]

    def start(self, command: str, **fate: Any) -> dict[str, int]:  # noqa: ANN401 - the same
        """Type a command; it may stop before its end."""
        self.service.show(self.folder / "service")
        self.typed += 1
        self.now += timedelta(seconds=1)
        name, *options = (self.run.name if word == "RUN" else word for word in command.split())
        return self.zygote(
            argv=[name, "--project", str(self.project), *options],
            folder=str(self.project),
            environ=self.variables(),
            now=self.now.isoformat(),
            suffix=f"k{self.typed:03d}",
            **{name: str(self.folder / name) for name in ("out", "err", "title")},
            **fate,
        )

    def variables(self) -> dict[str, str]:
        """Return the environment of the commands."""
        home = {"HOME": str(self.folder), "TMPDIR": str(self.folder), "GEMINI_API_KEY": self.key}
        url = {"GOOGLE_GEMINI_BASE_URL": self.service.emulator.base_url}
        # The SDK reads all certificates twice before it speaks plain http: let there be one.
        one = {"SSL_CERT_FILE": str(ROOT / "tests/killing/certificate.pem")}
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **home, **url, **one, **self.environ}

    def recorded(self, command: str) -> list[Event]:
        """Type a command to its end, and return all that it did, its end being the last."""
        record = self.folder / "record"
        record.unlink(missing_ok=True)
        code = self(command, record=str(record))
        assert code in {*_ENDED, NOT_READY}, (command, code, self.said())
        return [Event(*json.loads(line)) for line in record.read_bytes().splitlines()]

    def said(self) -> str:
        """Return what the commands have printed."""
        files = (self.folder / "out", self.folder / "err")
        return "".join(path.read_text("utf-8") for path in files if path.exists())

    def to_end(self, *commands: str) -> World:
        """Type each command until it has nothing to wait for, a while passing each time."""
        for command in commands:
            code = NOT_READY
            for _ in range(_ROUNDS):
                code = self(command)
                if code in _ENDED or code == _BUG:
                    break
                self.now += A_WHILE
            assert code in _ENDED, (command, code, self.said())
        return self

    def kill(self, command: str, at: int, of: tuple[str, ...] = ()) -> bool:
        """Kill a command at its n-th event, or the n-th of these kinds; say if it came to that.

        What is streamed comes in a block more or less, with its writes.
        """
        code = self(command, die_at=at, counted=of)
        assert code in {-signal.SIGKILL, 0}, (command, at, code, self.said())
        return code != 0

    def end_state(self) -> dict[str, str]:
        """Return what the project and the service hold, in words that are the same in each world.

        Not counted: locks (who held them), the log (what was done when, the killed try too), the
        caches (made again from what they are of), the commands' own times (a task that a command
        ends without an answer has one too; all that was answered has the service's), and what a
        killed plan leaves of a run that was never told of. The run is called RUN: a plan made again
        has another id.
        """
        run = self.run
        plan = hashlib.sha256((run / "plan.json").read_bytes()).hexdigest()
        found = {
            path.relative_to(self.project).as_posix(): self._text(path, plan)
            for path in sorted(self.project.rglob("*"))
            if path.is_file() and self._counts(path)
        }
        jobs = "\n".join(sorted(_RUN_ID.sub("RUN", job) for job in self.created))
        return {_RUN_ID.sub("RUN", name): text for name, text in found.items()} | {"jobs": jobs}

    def _counts(self, path: Path) -> bool:
        runs = self.project / ".chargen/batch"
        of_other_run = path.is_relative_to(runs) and path.parent != runs
        if of_other_run and not path.is_relative_to(self.run):
            return False
        is_own_temporary = re.search(r"\.\d+\.tmp$", path.name)
        is_lock = path.name.endswith((".lock", ".lock.json"))
        is_cache = ".chargen/cache/" in path.as_posix() or path.suffix == ".msgpack"
        return not (is_own_temporary or is_lock or is_cache or path.name == "log.ndjson")

    def _text(self, path: Path, plan: str) -> str:
        return _told(path, plan)


def _told(path: Path, plan: str) -> str:
    text = path.read_bytes().decode("latin-1")
    text = _RUN_ID.sub("RUN", text.replace(plan, "PLAN"))
    if path.suffix == ".html":
        text = _SHOWN_TIME.sub("TIME", text)
    if path.name in _TIMED or path.parent.name == "failed":
        text = _SECONDS.sub(r"\1SECONDS", _TIME.sub("TIME", text))
    if path.name == "outcomes.jsonl":
        lines = text.splitlines(keepends=True)
        text = "".join(_TIME.sub("TIME", line) if '"failed"' in line else line for line in lines)
    if path.suffix == ".yaml":  # an adopted picture's time is the command's own
        text = _ADOPTED.sub(r"\1TIME", text)
    if path.name == "state.json":  # it is made of the run's id
        text = _FINGERPRINT.sub("FINGERPRINT", text)
    if path.name == "files-cache.jsonl":  # several uploads are entered as they come
        text = "".join(sorted(text.splitlines(keepends=True)))
    return text
