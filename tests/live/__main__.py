"""``python -m tests.live``: with a key and ``CHARGEN_LIVE=1``, for at most half a dollar."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chargen_batch.config import model_table
from chargen_batch.errors import BatchError, ConfigError, ExitCode, ServiceError, UsageError
from chargen_batch.model.settings import Settings
from chargen_batch.service.keys import checked_base_url, checked_key, read_base_url, read_key
from tests.live import facts
from tests.live.probe import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "lantern-coast"
TASKS: Final = 5
MOST_USD: Final = 0.50
SIZE: Final = "1K"
_REHEARSES: Final = "  backend: emulator"


@dataclass(slots=True)
class Live:
    """One go: the project, the service, and the facts so far."""

    project: Path
    probe: Probe
    lines: list[str] = field(default_factory=list)

    def note(self, found: Iterator[str]) -> None:
        """Keep what was found, with its day; a look that goes wrong is a fact as well."""
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        try:
            self.lines.extend(f"- {day}: {fact}" for fact in found)
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            self.lines.append(f"- {day}: not understood: {type(err).__name__}: {err}")

    def type(self, *words: str) -> None:
        """Type a command.

        Raises:
            BatchError: It did not end well; what it said is on stderr.

        """
        sys.stderr.write(f"$ chargen-batch {' '.join(words)}\n")
        environ = {k: v for k, v in os.environ.items() if not k.startswith("CHARGEN_")}
        done = subprocess.run(
            [sys.executable, "-m", "chargen_batch", *words],
            cwd=self.project,
            env=environ,
            stdout=sys.stderr,
            check=False,
        )
        if done.returncode:
            error = BatchError(
                f"chargen-batch {words[0]} ended with {done.returncode}",
                hint=f"nothing is lost; go on with: make live PROJECT={self.project}",
            )
            error.exit_code = ExitCode(done.returncode)
            raise error

    @property
    def run(self) -> Path:
        """Return the one run's directory."""
        (state,) = self.project.glob(".chargen/batch/*/state.json")
        return state.parent

    @property
    def job_names(self) -> list[str]:
        """Return the names of the run's jobs on the service."""
        jobs: list[dict[str, Any]] = json.loads((self.run / "state.json").read_bytes())["jobs"]
        return [job["batchJobName"] for job in jobs if job.get("batchJobName")]


def main() -> int:
    """Refuse without a word of consent and a key; else go, and print what was found."""
    options = _options()
    try:
        probe = _allowed()
        live = Live(_project(options.project), probe)
        try:
            _go(live, options)
        finally:
            sys.stdout.write("".join(f"{line}\n" for line in live.lines))
            sys.stderr.write(f"the project is kept: {live.project}\n")
    except BatchError as err:
        sys.stderr.write(f"error: {err.message}\nhint: {err.hint}\n")
        return int(err.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.DONE)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make live", description=__doc__)
    parser.add_argument("--project", type=Path, help="go on in a project of an earlier go")
    parser.add_argument("--interval", default="30", help="seconds between two looks at the job")
    parser.add_argument("--timeout", default="172800", help="seconds to wait for the job")
    parser.add_argument(
        "--cancel", action="store_true", help="a second job as well, which is cancelled at once"
    )
    return parser.parse_args()


def _allowed() -> Probe:
    """Open the service.

    Raises:
        UsageError: Nobody said that money may be spent.
        ConfigError: There is no key.

    """
    if os.environ.get("CHARGEN_LIVE") != "1":
        raise UsageError(
            f"this spends up to {MOST_USD} USD at the real service, and nobody has allowed it",
            hint="with a key: CHARGEN_LIVE=1 make live",
        )
    key = read_key(os.environ, None)
    if key is None:
        raise ConfigError("there is no API key", hint="set GEMINI_API_KEY (or GOOGLE_API_KEY)")
    return Probe(checked_base_url(read_base_url(os.environ)), checked_key(key))


def _project(earlier: Path | None) -> Path:
    """Return the project of an earlier go, or a place for a copy of the example."""
    if earlier is None:
        return Path(tempfile.mkdtemp(prefix="chargen-batch-live-")) / "story"
    if not any(earlier.glob(".chargen/batch/*/state.json")):
        raise UsageError(f"{earlier} has no run", hint="leave out PROJECT to begin anew")
    return earlier.resolve()


def _go(live: Live, options: argparse.Namespace) -> None:
    if not live.project.exists():
        # A job that is cancelled may be paid for as well.
        _begin(live, most_usd=MOST_USD / 2 if options.cancel else MOST_USD)
    live.type("stage")
    live.note(facts.of_uploads(live.probe))
    live.type("submit", "--wait", "--interval", options.interval, "--timeout", options.timeout)
    live.note(facts.of_listing(live.probe, live.job_names))
    live.type("poll", "--wait", "--interval", options.interval, "--timeout", options.timeout)
    live.type("download")
    names = live.job_names
    for name in names:
        live.note(facts.of_ended(live.probe, name))
    for results in sorted(live.run.glob("results-*.jsonl")):
        requests = results.with_name(results.name.replace("results", "requests"))
        live.note(facts.of_results(results, requests))
    if options.cancel:
        wait_s, interval_s = float(options.timeout), float(options.interval)
        live.note(facts.of_cancelling(live.probe, names[0], wait_s, interval_s))
    live.type("apply")
    live.type("report")
    live.note(facts.of_cleanup(live.probe, names))


def _begin(live: Live, *, most_usd: float) -> None:
    """Copy the example, choose a model, and plan."""
    models = _cheapest_first()
    live.note(facts.of_the_service(live.probe, models))
    model = next((model for model in models if facts.can_batch(live.probe, model)), None)
    if model is None:
        raise ServiceError(
            f"no model that draws takes batches here: {', '.join(models)}",
            hint="is the key right? what the service said stands above",
        )
    shutil.copytree(EXAMPLE, live.project)
    config = live.project / "chargen.yaml"
    told = config.read_text("utf-8").splitlines()
    kept = [line for line in told if not line.startswith(_REHEARSES)]
    config.write_text("\n".join([*kept, "  max_concurrent_jobs: 1", ""]), "utf-8")
    most = ("--max-tasks", str(TASKS), "--max-cost", str(most_usd))
    live.type("plan", *most, "--model", model, "--image-size", SIZE)


def _cheapest_first() -> list[str]:
    """Return the models that draw, the cheapest first."""
    prices = {
        name: (each.image_prices[SIZE], each.input_price_per_mtok or 0.0)
        for name, each in model_table(Settings()).items()
        if each.kind == "image" and SIZE in each.image_prices
    }
    return sorted(prices, key=prices.__getitem__)


if __name__ == "__main__":
    raise SystemExit(main())
