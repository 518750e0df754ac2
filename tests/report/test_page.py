from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec
import pytest

from chargen_batch.model.outcome import TaskError
from chargen_batch.report import page
from chargen_batch.report.overview import Overview
from chargen_batch.report.rows import Decision, links, row
from chargen_batch.report.summary import summarize
from tests import samples
from tests.report.parsed import Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chargen_batch.model.outcome import TaskResult
    from chargen_batch.model.task import BatchTask
    from chargen_batch.report.rows import Row

PROJECT: Final = Path("/srv/story")
LINK: Final = links(PROJECT, PROJECT / ".chargen" / "batch" / samples.RUN_ID)
HOSTILE: Final = '</pre><script>alert(1)</script><img src=x onerror="alert(2)">&amp;{{ 7*7 }}'


def _overview(outcome: TaskResult | None = None, **plan: Any) -> Overview:  # noqa: ANN401 - fields by name
    header = samples.plan(**plan)
    state = samples.state("running", samples.LOST)
    report = summarize(header, state, [outcome] if outcome else [])
    return Overview(report, warnings=header.warnings, spent_usd=0.07)


def _page(
    task: BatchTask | None = None,
    outcome: TaskResult | None = None,
    **plan: Any,  # noqa: ANN401 - fields by name
) -> Page:
    shown = row(task or samples.task(), outcome, LINK)
    return Page(page.render(_overview(outcome, **plan), [shown]))


def _review(title: str = "Drafts", note: str = "too dark") -> Page:
    decision = Decision("ada-portrait-1", "rejected", note)
    shown = row(samples.task(), samples.success(), LINK)
    shown = dataclasses.replace(shown, state="rejected", decision=decision)
    return Page(page.render_review([shown], title=title, token="t0ken"))  # noqa: S106 - a test's


def test_page_parses_as_html_with_every_element_closed() -> None:
    task = samples.task(reference_images=(samples.PORTRAIT,), negative_prompt="text")
    read = _page(task, samples.success(warnings=("look",)), warnings=("a warning",))
    assert read.html.startswith("<!doctype html>")
    assert read.open == []
    assert len(read.attributes("id")) == len(set(read.attributes("id")))


FIELDS: Final = (
    *("prompt", "negative_prompt", "description", "title"),
    *("model", "entity_slug", "target_id"),
)


@pytest.mark.parametrize("field", FIELDS)
def test_hostile_text_of_a_task_stays_text(field: str) -> None:
    plain, hostile = (
        _page(task, samples.success())
        for task in (samples.task(), samples.task(**{field: HOSTILE}))
    )
    assert hostile.count("script") == plain.count("script") == 1
    assert not hostile.attributes("onerror")
    assert hostile.count("img") == plain.count("img")


def test_prompt_is_shown_to_the_letter() -> None:
    prompt = f"\n  {HOSTILE}\n\n\t\u05d0\u05d1\u200f end  "
    assert prompt in _page(samples.task(prompt=prompt)).text


def test_what_would_not_show_in_a_prompt_or_turn_it_around_has_a_sign() -> None:
    shown = _page(samples.task(prompt="a\x1b[31mb\x00c\u202ed\u2066e\x9bf\x7fg")).text
    assert "a␛[31mb␀c⟨U+202E⟩d⟨U+2066⟩e⟨U+009B⟩f␡g" in shown


def test_hostile_words_of_the_service_stay_text() -> None:
    error = TaskError(code=HOSTILE, message=HOSTILE, retryable=False)
    outcome = samples.failure(error=error, warnings=(HOSTILE,))
    read = _page(outcome=outcome, warnings=(HOSTILE,))
    assert read.count("script") == 1
    assert read.text.count(HOSTILE) == 6


def test_hostile_answers_stay_text() -> None:
    answer = msgspec.json.encode({HOSTILE: [HOSTILE, {"a": HOSTILE}]}).decode()
    task = samples.task(kind="analyze", input_images=(samples.PORTRAIT,))
    read = _page(task, samples.success(pictures=(), analysis_json=answer))
    assert read.count("script") == 1
    assert read.text.count(HOSTILE) == 3


def test_hostile_paths_stay_within_their_attribute() -> None:
    path = '"><script>alert(1)</script>.png'
    reference = msgspec.structs.replace(samples.PORTRAIT, path=path, role='"><script>')
    picture = msgspec.structs.replace(samples.PICTURE, path=path)
    task = samples.task(reference_images=(reference,))
    assert _page(task, samples.success(pictures=(picture,))).count("script") == 1


def test_policy_allows_the_pages_own_style_and_script_and_nothing_else() -> None:
    read = _page()
    hashes = [
        base64.b64encode(hashlib.sha256("".join(read.inside[tag]).encode()).digest()).decode()
        for tag in ("style", "script")
    ]
    assert read.policy == (
        "default-src 'none'; img-src 'self' file:; "
        f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_nothing_in_the_page_needs_a_style_or_handler_of_its_own() -> None:
    task = samples.task(reference_images=(samples.PORTRAIT,), prompt="a\n" * 40)
    for read in (_page(task, samples.failure()), _review()):
        names = set(itertools.chain.from_iterable(attrs for _, attrs in read.elements))
        assert not {name for name in names if name == "style" or name.startswith("on")}


def test_page_fetches_nothing_from_outside() -> None:
    task = samples.task(reference_images=(samples.PORTRAIT, samples.PLACE))
    read = _page(task, samples.success())
    addresses = read.attributes("src") + read.attributes("href")
    assert sum(address.startswith("..") for address in addresses) == 6
    assert {urlsplit(address)[:2] for address in addresses} == {("", "")}
    assert not any(address.startswith("/") for address in addresses)
    assert "http://" not in read.html
    assert "https://" not in read.html


def test_every_picture_has_an_alternative_text_and_comes_when_it_is_seen() -> None:
    task = samples.task(reference_images=(samples.PORTRAIT,))
    images = [attrs for tag, attrs in _page(task, samples.success()).elements if tag == "img"]
    assert [each.get("alt") for each in images] == ["Ada", "reference 1: portrait"]
    assert {each.get("loading") for each in images} == {"lazy"}
    assert (images[0]["width"], images[0]["height"]) == ("3", "4")


def test_page_shows_the_numbers_the_cost_and_the_jobs() -> None:
    words = _page(outcome=samples.success()).words
    assert "1 of 2 drawn, 1 open" in words
    assert "done 1 failed 0 open 1 left out by the plan 0" in words
    assert "one by one $0.280 by batch $0.140" in words
    assert "The batch price is half of the interactive one" in words
    assert "$0.070 would have been spent" in words
    assert "1 lost 2 batches/xyz too old" in words


def test_page_shows_what_a_task_was_asked_for_and_where_it_stands() -> None:
    task = samples.task(negative_prompt="no text", variant=2, attempt=3)
    words = _page(task, samples.success()).words
    assert "Not wanted no text" in words
    assert "gemini-3-pro-image · 3:4 · 1K · variant 2 · attempt 3" in words
    assert "characters/ada/image-ideas.yaml: image_ideas[0]" in words
    assert task.key in words


def test_unknown_cost_is_not_shown_and_what_was_spent_is() -> None:
    cost = msgspec.structs.replace(samples.plan().cost, batch_usd=None, interactive_usd=None)
    words = _page(cost=cost).words
    assert "one by one" not in words
    assert "$0.070 by what the service has counted so far" in words


def test_run_that_is_no_rehearsal_says_nothing_of_one() -> None:
    assert "rehearsal" in _page().words
    overview = _overview()
    config = msgspec.structs.replace(overview.report.config, backend="gemini")
    report = msgspec.structs.replace(overview.report, config=config)
    assert "rehearsal" not in Page(page.render(Overview(report), [])).words


def test_dead_letter_leads_to_its_task_and_says_what_to_do() -> None:
    task = samples.task()
    read = _page(task, samples.failure(task.key))
    (place,) = (attrs["id"] for tag, attrs in read.elements if tag == "article")
    assert f"#{place}" in read.attributes("href")
    assert "BLOCKED_SAFETY 1 task" in read.words
    assert "chargen-batch plan" in read.words


def test_analysis_shows_the_picture_that_was_looked_at_and_what_was_found() -> None:
    answer = '{"mood": "calm", "palette": {"dominant": ["ochre", "slate"], "accent": []}, "n": 0}'
    task = samples.task(kind="analyze", input_images=(samples.PORTRAIT,))
    read = _page(task, samples.success(pictures=(), analysis_json=answer))
    assert "mood calm palette dominant ochre slate accent none n 0" in read.words
    assert "../../../ada.png" in read.attributes("src")
    assert "analysed: portrait" in read.words


def test_index_leads_to_every_page_and_to_where_tasks_failed() -> None:
    outcome = samples.failure()
    overview = dataclasses.replace(_overview(outcome), pages={samples.KEY: "report-0002.html"})
    parts = [page.Part(number, f"report-{number:04d}.html") for number in (1, 2)]
    for part, state in zip(parts, (None, outcome), strict=True):
        assert list(part.noting([row(samples.task(), state, LINK)]))
    read = Page(page.render_index(overview, parts))
    addresses = read.attributes("href")
    assert {"report-0001.html", "report-0002.html", "report-0002.html#state=failed"} <= {*addresses}
    assert "report-0002.html#kind=character&entity=ada" in addresses
    assert any(each.startswith("report-0002.html#t-") for each in addresses)
    assert (read.count("article"), "Tasks 2,001 to 2,001" in read.words) == (0, True)


def test_page_of_several_leads_to_its_neighbours() -> None:
    html = page.render_part(_overview(), [row(samples.task(), None, LINK)], 2, 3)
    addresses = set(Page(html).attributes("href"))
    assert {"report.html", "report-0001.html", "report-0003.html"} <= addresses


def test_rows_are_taken_one_after_another() -> None:
    taken: list[int] = []

    def endless() -> Iterator[Row]:
        for number in itertools.count():
            taken.append(number)
            yield row(samples.task(), None, LINK)

    assert b"</html>" in page.render(_overview(), itertools.islice(endless(), 3))
    assert taken == [0, 1, 2]


def test_review_has_a_row_for_each_picture_with_its_decision() -> None:
    read = _review()
    (task,) = (attrs for tag, attrs in read.elements if tag == "article")
    assert (task["data-task"], task["data-state"]) == ("ada-portrait-1", "rejected")
    assert read.attributes("data-note") == ["too dark"]
    assert "t0ken" in read.attributes("content")
    values = [
        attrs["value"] for tag, attrs in read.elements if tag == "button" and "value" in attrs
    ]
    assert values == ["approved", "rejected"]


def test_review_escapes_notes_and_titles() -> None:
    read = _review(HOSTILE, HOSTILE)
    assert read.count("script") == 2
    assert read.attributes("data-note") == [HOSTILE]


def test_review_may_post_to_where_it_came_from_and_shows_no_files() -> None:
    read = _review()
    assert "connect-src 'self'" in read.policy
    assert "file:" not in read.policy
    assert read.policy == page.policy(review=True)
