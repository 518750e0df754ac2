"""The same events, seen from below: what a real process asks of the system, told by strace."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.killing.watching import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_CALLS: Final = (
    "open,openat,creat,write,pwrite64,writev,ftruncate,fsync,fdatasync,rename,renameat,renameat2,"
    "link,linkat,mkdir,mkdirat,unlink,unlinkat,sendto,sendmsg"
)
_LINE: Final = re.compile(r"(\d+) +(.*)", re.DOTALL)
_UNFINISHED: Final = " <unfinished ...>"
_RESUMED: Final = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+).*", re.DOTALL)
_OF_DESCRIPTOR: Final = re.compile(r"^\d+<(/[^>]*)>")
_TEXT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_INSTALL: Final = "apt-get install --yes strace"


def find() -> str:
    """Return where strace is; where it is missing, root installs it and others are told how."""
    if shutil.which("strace") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update"], check=False, capture_output=True)
        subprocess.run(_INSTALL.split(), check=False, capture_output=True)
    path = shutil.which("strace")
    if path is None:
        pytest.fail(f"strace is missing: the order of system calls is not seen; type: {_INSTALL}")
    return path


def recorded(
    arguments: Sequence[str], project: Path, environ: Mapping[str, str], trace: Path
) -> list[Event]:
    """Run a command of ours as a process of its own, and return what it asked of the system."""
    known = {path.relative_to(project).as_posix() for path in project.rglob("*")}
    options = ["-f", "-y", "-s", "9999999", "-o", str(trace), "-e", f"trace={_CALLS}"]
    command = [sys.executable, "-m", "chargen_batch", *arguments]
    done = subprocess.run(
        [find(), *options, *command],
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    if "ptrace" in done.stderr or not trace.exists():
        pytest.fail(f"strace cannot look on here (let the container trace: ptrace): {done.stderr}")
    assert done.returncode == 0, done.stderr
    folder = f"{project.resolve()}/"
    events = [
        event
        for name, text in _calls(trace.read_text("latin-1"))
        if (event := _event(name, text, folder, known))
    ]
    return [*events, Event("end", "")]


def _calls(trace: str) -> Iterator[tuple[str, str]]:
    """Go through the calls that went well, as they were done: name and arguments."""
    begun: dict[str, str] = {}
    for line in trace.split("\n"):
        if not (split := _LINE.fullmatch(line)):
            continue
        process, text = split.groups()
        if text.endswith(_UNFINISHED):
            begun[process] = text.removesuffix(_UNFINISHED)
            continue
        if resumed := _RESUMED.fullmatch(text):
            text = begun.pop(process, "") + resumed.group(1)
        call = _CALL.fullmatch(text)
        if call and int(call.group(3)) >= 0:
            yield call.group(1), call.group(2)


def _event(name: str, text: str, folder: str, known: set[str]) -> Event | None:
    """Return what a call did inside the folder, or asked of the service."""
    texts = [_bytes(found) for found in _TEXT.findall(text)]
    if name.startswith("send"):
        words = b"".join(texts).decode("latin-1").split(" ", 2)
        is_request = len(words) == 3 and words[2].startswith("HTTP/1.1")
        return Event("send", " ".join(words[:2])) if is_request else None
    named = _OF_DESCRIPTOR.match(text)
    paths = [named.group(1)] if named else [os.fsdecode(each) for each in texts]
    where = [_inside(path, folder) for path in paths]
    if not where or not where[0]:
        return None
    if name.startswith(("open", "creat")):
        if "O_CREAT" not in text or where[0] in known:
            return None
        known.add(where[0])
        return Event("create", where[0])
    if name.startswith(("rename", "link")):
        known.add(where[1])
        known.discard(where[0])
        return Event("rename", where[0], where[1])
    if name.startswith("unlink"):
        known.discard(where[0])
    kind = next(kind for start, kind in _KINDS.items() if name.startswith(start))
    data = b"".join(texts).decode("latin-1") if kind == "write" else ""
    return Event(kind, where[0], data=data)


_KINDS: Final = {
    "write": "write",
    "pwrite": "write",
    "ftruncate": "truncate",
    "fsync": "fsync",
    "fdatasync": "fsync",
    "mkdir": "mkdir",
    "unlink": "unlink",
}


def _bytes(text: str) -> bytes:
    found: bytes = ast.literal_eval(f'b"{text}"')
    return found


def _inside(path: str, folder: str) -> str:
    whole = os.path.normpath(path)
    if f"{whole}/" == folder:
        return "."
    return whole[len(folder) :] if whole.startswith(folder) else ""
