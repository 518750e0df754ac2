"""A window of the browser, and the pages that are opened in it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from PIL import Image

from chargen_batch.model.outcome import Picture
from chargen_batch.report import page
from chargen_batch.report.overview import Overview
from chargen_batch.report.rows import links, rows
from chargen_batch.report.summary import summarize
from tests import samples

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from playwright.sync_api import ConsoleMessage, Locator, Page, Route

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.task import BatchTask

_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Window:
    """A page of the browser; ``outside`` is what it asked for that is neither file nor loopback."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.outside: list[str] = []
        self.asked: list[str] = []
        self.trouble: list[str] = []
        page.context.route("**/*", self._let_local_pass)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", self._listen)

    def _let_local_pass(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        self.asked.append(route.request.url)
        if address.scheme in {"file", "data"} or address.hostname in _LOCAL:
            route.fallback()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.trouble.append(message.text)

    def open(self, file: Path, fragment: str = "") -> Page:
        """Open a file, with a filter or a place."""
        self.page.goto(f"{file.as_uri()}{fragment}")
        return self.page

    def show(
        self, tasks: Iterable[BatchTask], outcomes: Iterable[TaskResult] = (), fragment: str = ""
    ) -> Page:
        """Write the report of a run of some tasks, and open it."""
        return self.open(write(self.folder, list(tasks), list(outcomes)), fragment)

    @property
    def shown(self) -> list[str]:
        """Return the titles of the tasks that are to be seen."""
        return self.seen.locator("h4").all_text_contents()  # out of sight there is no inner text

    @property
    def seen(self) -> Locator:
        """Return the tasks that are to be seen."""
        return self.page.locator("article:not([hidden])")

    @property
    def focused(self) -> str:
        """Return the title of the task that has the focus, else what else has it."""
        script = (
            "each => each.matches('.task') ? each.querySelector('h4').textContent : each.tagName"
        )
        return str(self.page.evaluate_handle("document.activeElement").evaluate(script))


def write(folder: Path, tasks: list[BatchTask], outcomes: list[TaskResult]) -> Path:
    """Write the report of a run where a project has it, with the pictures of its outcomes."""
    run = folder / ".chargen" / "batch" / samples.RUN_ID
    run.mkdir(parents=True)
    paths = {each.path for outcome in outcomes for each in outcome.pictures}
    paths |= {each.path for task in tasks for each in task.images}
    for path in paths:
        paint(folder / path)
    count = len(tasks)
    state = samples.state("running", total_tasks=count, task_count=count)
    report = summarize(samples.plan(task_count=count), state, outcomes)
    by_key = {outcome.key: outcome for outcome in outcomes}
    shown = rows(tasks, by_key, links(folder, run))
    file = run / "report.html"
    file.write_bytes(page.render(Overview(report), shown))
    return file


def paint(path: Path) -> None:
    """Paint a small picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = io.BytesIO()
    Image.new("RGB", (48, 64), "teal").save(image, "PNG")
    path.write_bytes(image.getvalue())


def done(task: BatchTask, **changes: Any) -> TaskResult:  # noqa: ANN401 - fields by name
    """Return a success with a picture of its own."""
    path = f"{task.output_dir}/{task.output_file_name_hint}.png"
    picture = Picture(path=path, mime="image/png", sha256="d" * 64, width=48, height=64)
    return samples.success(task.key, pictures=(picture,), **changes)
