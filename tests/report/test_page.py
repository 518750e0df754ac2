from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
import pytest

from chargen_batch.model.outcome import TaskError
from chargen_batch.report.page import Row, render, rows
from chargen_batch.report.summary import summarize
from tests import samples

if TYPE_CHECKING:
    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.task import BatchTask

PROJECT: Final = Path("/srv/story")
FOLDER: Final = PROJECT / ".chargen" / "batch" / samples.RUN_ID
HOSTILE: Final = '</pre><script>alert(1)</script><img src=x onerror="alert(2)">&amp;{{ 7*7 }}'
VOID: Final = {"meta", "img", "br", "link", "input"}


class Page(HTMLParser):
    """A page's elements, and whether each was closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """Return all text as it stands."""
        return "".join(self.texts)

    @property
    def words(self) -> str:
        """Return all words, with a space between."""
        return " ".join(" ".join(self.texts).split())

    def attributes(self, name: str) -> list[str]:
        """Return every value of an attribute."""
        return [attrs[name] for _, attrs in self.elements if name in attrs]


def _rows(task: BatchTask, outcome: TaskResult | None = None) -> list[Row]:
    outcomes = {task.key: outcome} if outcome else {}
    return list(rows([task], outcomes, PROJECT, FOLDER))


def _page(
    task: BatchTask | None = None,
    outcome: TaskResult | None = None,
    **plan: Any,  # noqa: ANN401 - fields by name
) -> str:
    task = task or samples.task()
    state = samples.state("running", samples.LOST)
    report = summarize(samples.plan(**plan), state, [outcome] if outcome else [])
    return render(report, _rows(task, outcome))


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (None, "open", ""),
        (samples.success(stage="received"), "received", ""),
        (samples.success(), "done", ""),
        (samples.failure(), "failed", "BLOCKED_SAFETY: the prompt was blocked"),
    ],
)
def test_row_says_what_became_of_the_task(
    outcome: TaskResult | None, state: str, reason: str
) -> None:
    (row,) = _rows(samples.task(), outcome)
    assert (row.state, row.reason) == (state, reason)


def test_links_are_relative_to_the_page_and_quoted() -> None:
    picture = msgspec.structs.replace(samples.PICTURE, path='a dir/q"#?é:1.png')
    reference = msgspec.structs.replace(samples.PORTRAIT, path="javascript:alert(1)")
    task = samples.task(reference_images=(reference,))
    (row,) = _rows(task, samples.success(pictures=(picture,)))
    assert row.pictures == ("../../../a%20dir/q%22%23%3F%C3%A9%3A1.png",)
    assert row.references == ("../../../javascript%3Aalert%281%29",)


def test_links_lead_to_the_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "r1"
    folder.mkdir(parents=True)
    picture = msgspec.structs.replace(samples.PICTURE, path="a b.png")
    (tmp_path / "a b.png").touch()
    task = samples.task()
    outcomes = {task.key: samples.success(pictures=(picture,))}
    (row,) = rows([task], outcomes, tmp_path, folder)
    assert (folder / unquote(row.pictures[0])).exists()


def test_page_parses_as_html_with_every_element_closed() -> None:
    task = samples.task(reference_images=(samples.PORTRAIT,))
    html = _page(task, samples.success(warnings=("look",)), warnings=("a warning",))
    page = Page(html)
    assert html.startswith("<!doctype html>")
    assert page.open == []
    assert len(page.attributes("id")) == len(set(page.attributes("id")))


FIELDS: Final = ("prompt", "title", "model", "entity_slug", "target_id")


@pytest.mark.parametrize("field", FIELDS)
def test_hostile_text_of_a_task_stays_text(field: str) -> None:
    html = _page(samples.task(**{field: HOSTILE}), samples.success())
    assert "<script" not in html
    page = Page(html)
    assert not page.attributes("onerror")
    assert "script" not in {tag for tag, _ in page.elements}


def test_prompt_is_shown_to_the_letter() -> None:
    assert HOSTILE in Page(_page(samples.task(prompt=HOSTILE))).text


def test_hostile_words_of_the_service_stay_text() -> None:
    error = TaskError(code="X", message=HOSTILE, retryable=False)
    outcome = samples.failure(error=error, warnings=(HOSTILE,))
    html = _page(outcome=outcome, warnings=(HOSTILE,))
    assert "<script" not in html
    assert Page(html).text.count(HOSTILE) == 4


def test_hostile_paths_stay_within_their_attribute() -> None:
    path = '"><script>alert(1)</script>.png'
    reference = msgspec.structs.replace(samples.PORTRAIT, path=path, role='"><script>')
    picture = msgspec.structs.replace(samples.PICTURE, path=path)
    task = samples.task(reference_images=(reference,))
    html = _page(task, samples.success(pictures=(picture,)))
    assert "<script" not in html


def test_page_forbids_scripts_and_the_network() -> None:
    policies = [
        attrs["content"]
        for tag, attrs in Page(_page()).elements
        if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == ["default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'"]


def test_page_fetches_nothing_from_outside() -> None:
    task = samples.task(reference_images=(samples.PORTRAIT, samples.PLACE))
    html = _page(task, samples.success())
    page = Page(html)
    links = page.attributes("src") + page.attributes("href")
    assert len(links) == 6
    assert {urlsplit(link)[:2] for link in links} == {("", "")}
    assert not any(link.startswith("/") for link in links)
    assert "http://" not in html
    assert "https://" not in html


def test_every_picture_has_an_alternative_text() -> None:
    task = samples.task(reference_images=(samples.PORTRAIT,))
    page = Page(_page(task, samples.success()))
    texts = [attrs.get("alt") for tag, attrs in page.elements if tag == "img"]
    assert texts == ["Ada", "portrait"]


def test_page_shows_the_numbers_and_the_jobs() -> None:
    words = Page(_page(outcome=samples.success())).words
    assert "Tasks 2 Done 1 Failed 0 Open 1 Left out 0" in words
    assert "$0.14 ($0.28)" in words
    assert "1 lost 2 batches/xyz too old" in words


def test_unknown_cost_is_not_shown() -> None:
    cost = msgspec.structs.replace(samples.plan().cost, batch_usd=None, interactive_usd=None)
    assert "Estimated cost" not in _page(cost=cost)
