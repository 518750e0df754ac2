"""What holds for every test: the developer's home, keys and settings are never seen."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIXES = ("CHARGEN_", "GEMINI_", "GOOGLE_")
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})


def pytest_configure() -> None:
    """Let signals reach what tests start, also under nohup or a script's background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take the developer's keys, settings, proxies and home out of the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(_PREFIXES) or name.upper() in _PROXIES:
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List by phase how many points a process was killed at (tests/killing)."""
    reports = terminalreporter.stats.get("passed", [])
    rows = [told for report in reports for name, told in report.user_properties if name == "killed"]
    if not rows:
        return
    terminalreporter.section("killed by SIGKILL at")
    for scenario, kinds in rows:
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        terminalreporter.write_line(f"{sum(kinds.values()):5} points of {scenario}: {listed}")
    total = sum(count for _, kinds in rows for count in kinds.values())
    terminalreporter.write_line(f"{total:5} points together")
