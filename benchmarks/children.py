"""What a measured process does: ``python -m benchmarks.children WORK ...``; it tells its time.

Each work imports what it needs before its clock starts, and nothing else, so that a whole process
of it is as small as it can be.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_NOT_READY: Final = 75


def parse(story: str) -> Callable[[], object]:
    """Parse a story's files with PyYAML's C loader, and do nothing else."""
    import yaml  # noqa: PLC0415 - see above

    from benchmarks.stories import yaml_files  # noqa: PLC0415 - the same

    files = yaml_files(Path(story))

    def work() -> None:
        for file in files:
            try:
                yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
            except yaml.YAMLError as err:  # a real story may have a broken file
                sys.stderr.write(f"{file}: {type(err).__name__}\n")

    return work


def scan(story: str) -> Callable[[], object]:
    """Find and compile all targets of a story with its cache, and save that."""
    from chargen_batch.config import model_facts  # noqa: PLC0415 - the same
    from chargen_batch.model.settings import Settings  # noqa: PLC0415 - the same
    from chargen_batch.story.cache import StoryCache  # noqa: PLC0415 - the same
    from chargen_batch.story.scan import scan as scan_story  # noqa: PLC0415 - the same

    settings = Settings()
    facts = model_facts(settings, settings.models.generate)

    def work() -> None:
        cache = StoryCache(Path(story))
        scan_story(Path(story), settings, facts=facts, cache=cache)
        cache.save()

    return work


def empty_command(*arguments: str) -> Callable[[], object]:
    """Run a Typer application with one empty command."""
    import typer  # noqa: PLC0415 - the same

    app = typer.Typer()

    @app.command()
    def nothing() -> None:
        """Do nothing."""

    def work() -> None:
        app(args=list(arguments), standalone_mode=False)

    return work


def splice_ours(file: str, times: str) -> Callable[[], object]:
    """Enter one entry into a file's list, by splicing."""
    from benchmarks.entries import ENTRY  # noqa: PLC0415 - the same
    from chargen_batch.story.splice import Append, splice  # noqa: PLC0415 - the same

    raw = Path(file).read_bytes()
    append = Append((), "image_inventory", (ENTRY,))

    def work() -> None:
        for _ in range(int(times)):
            splice(raw, (append,), where=file)

    return work


def splice_round_trip(file: str) -> Callable[[], object]:
    """Enter one entry into a file's list, by ruamel.yaml's round trip."""
    import io  # noqa: PLC0415 - the same

    from ruamel.yaml import YAML  # noqa: PLC0415 - the same

    from benchmarks.entries import ENTRY  # noqa: PLC0415 - the same

    raw = Path(file).read_bytes()

    def work() -> None:
        yaml = YAML()
        data = yaml.load(raw)
        data["image_inventory"].append(dict(ENTRY))
        yaml.dump(data, io.BytesIO())

    return work


def commands(address: str, project: str, *typed: str) -> Callable[[], object]:
    """Type commands, at a service where they need one: what all these import is there already."""
    import gc  # noqa: PLC0415 - the same
    import importlib  # noqa: PLC0415 - the same
    import os  # noqa: PLC0415 - the same

    from chargen_batch.cli.main import ALLOCATIONS, main  # noqa: PLC0415 - the same

    gc.set_threshold(ALLOCATIONS)  # as the entry point does

    lazy = ["cli.app", "cli.session", "cli.acting", "api.steps"]
    lazy += [f"phases.{command}" for command in typed]
    for module in [*lazy, *(("service.gemini", "service.retry") if address else ())]:
        importlib.import_module(f"chargen_batch.{module}")
    main(["runs", "--project", project, "--quiet"])  # Typer loads much at its first command line
    if address:
        os.environ["GOOGLE_GEMINI_BASE_URL"] = address

    def work() -> None:
        for command in typed:
            code = main([command, "--project", project, "--quiet"])
            if code not in {0, _NOT_READY}:
                sys.exit(code)

    return work


def stream(url: str, file: str) -> Callable[[], object]:
    """Stream an answer into a file, as httpx's guide does."""
    import httpx  # noqa: PLC0415 - the same

    def work() -> None:
        with Path(file).open("wb") as target, httpx.stream("GET", url, trust_env=False) as answer:
            answer.raise_for_status()
            target.writelines(answer.iter_bytes())

    return work


def cookbook(results: str, folder: str) -> Callable[[], object]:
    """Write the pictures of a result file as Google's cookbook does: all of it in memory."""
    import base64  # noqa: PLC0415 - the same

    def work() -> None:
        text = Path(results).read_bytes().decode("utf-8")
        for number, line in enumerate(text.splitlines()):
            answer = json.loads(line)["response"]
            for part in answer["candidates"][0]["content"]["parts"]:
                if "inlineData" in part:
                    data = base64.b64decode(part["inlineData"]["data"])
                    Path(folder, f"{number}.png").write_bytes(data)

    return work


def write(folder: str, count: str, size: str) -> Callable[[], object]:
    """Write and fsync as many files as apply does, by the same pool, and nothing else."""
    import random  # noqa: PLC0415 - the same
    from functools import partial  # noqa: PLC0415 - the same

    from chargen_batch import disk, exchange  # noqa: PLC0415 - the same
    from chargen_batch.phases.in_order import Work, in_order  # noqa: PLC0415 - the same
    from chargen_batch.phases.receiving import AT_ONCE  # noqa: PLC0415 - the same

    data = random.Random(1).randbytes(int(size))  # noqa: S311 - no secret
    paths = [Path(folder, f"{number}.png") for number in range(int(count))]

    def work() -> None:
        works = (
            Work(path.name, len(data), partial(exchange.write_new, path, data)) for path in paths
        )
        for number, _ in enumerate(in_order(works), 1):
            if number % AT_ONCE == 0 or number == len(paths):
                disk.fsync_directory(Path(folder))

    return work


WORKS: Final[dict[str, Callable[..., Callable[[], object]]]] = {
    "parse": parse,
    "scan": scan,
    "empty-command": empty_command,
    "splice": splice_ours,
    "round-trip": splice_round_trip,
    "commands": commands,
    "stream": stream,
    "cookbook": cookbook,
    "write": write,
}


if __name__ == "__main__":
    prepared = WORKS[sys.argv[1]](*sys.argv[2:])
    begun = time.perf_counter()
    prepared()
    print(json.dumps({"inner_s": time.perf_counter() - begun}))  # noqa: T201 - the answer
