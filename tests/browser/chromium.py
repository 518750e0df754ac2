"""The browser that the pages are looked at in: one that is there, else Debian's."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from filelock import FileLock

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_COMMANDS: Final = (
    ("apt-get", "update"),
    ("apt-get", "install", "-y", "--no-install-recommends", "chromium"),
)
_BY_HAND: Final = " && ".join(" ".join(command) for command in _COMMANDS)


class NoBrowserError(Exception):
    """There is no browser, and none can be installed from here."""


def find() -> Path:
    """Return the browser: ``$CHROMIUM``, or one on the PATH; root installs Debian's if need be.

    Raises:
        NoBrowserError: There is none; the message has the command to type.

    """
    return _found() or _installed()


def _found() -> Path | None:
    if named := os.environ.get("CHROMIUM"):
        if place := shutil.which(named):
            return Path(place)
        raise NoBrowserError(f"$CHROMIUM is {named}, and that is no program")
    places = (shutil.which(name) for name in _NAMES)
    return next((Path(place) for place in places if place), None)


def _installed() -> Path:
    if not (shutil.which("apt-get") and is_root()):
        raise NoBrowserError(f"the page's tests need Chromium; as root, type: {_BY_HAND}")
    # Several workers come here at once; one installs, and the others find what it did.
    with FileLock(Path(tempfile.gettempdir()) / "chargen-batch-chromium.lock"):
        if place := _found():
            return place
        for command in _COMMANDS:
            environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(command, env=environ, capture_output=True, check=False)
            if done.returncode:
                why = done.stderr.decode(errors="replace")[-500:]
                raise NoBrowserError(f"{' '.join(command)} failed: {why}")
        place = _found()
    if place is None:
        raise NoBrowserError(f"Chromium was installed and is not there; type: {_BY_HAND}")
    return place


def is_root() -> bool:
    """Say whether the tests run as root, as they do in a container."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
