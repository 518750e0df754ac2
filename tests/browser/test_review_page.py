from __future__ import annotations

import dataclasses
import functools
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import expect

from chargen_batch.report import page as pages
from chargen_batch.report.rows import Decision, row
from tests.browser import gallery

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.window import Window

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

ADDRESS: Final = "http://127.0.0.1:8765/review/"
SVG: Final = "<svg xmlns='http://www.w3.org/2000/svg'/>"
TOKEN: Final = "the-token"  # noqa: S105 - a test's


@dataclass
class Desk:
    """What serves the page and takes its decisions, as review does."""

    page: Page
    taken: list[dict[str, Any]] = field(default_factory=list)
    had: list[dict[str, str]] = field(default_factory=list)
    there: dict[str, str] = field(default_factory=dict)  # somebody else's word, met once
    tokens: list[str | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refusal: str = ""

    def answer(self, route: Route) -> None:
        """Answer a request."""
        self.asked.append(route.request.url.removeprefix(ADDRESS))
        if route.request.url.endswith("/decisions"):
            self._decide(route)
        elif route.request.url.endswith(("/review/", "#")):
            route.fulfill(body=_review(), content_type="text/html; charset=utf-8")
        else:
            route.fulfill(
                body="<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/svg+xml"
            )

    def _decide(self, route: Route) -> None:
        self.tokens.append(route.request.headers.get("x-review-token"))
        if self.refusal:
            route.fulfill(status=409, json={"error": self.refusal, "hint": "wait"})
            return
        decision = json.loads(route.request.post_data or "")
        had = decision.pop("had")
        self.had.append(had)
        if self.there:
            told = {"error": "it says something else", "hint": "press again", "there": self.there}
            route.fulfill(status=409, json=told)
            self.there = {}
            return
        self.taken.append(decision)
        now = {"state": had["status"], **had, **decision}
        route.fulfill(json={**now, "state": decision.get("status", now["state"])})

    def says(self, number: int) -> str:
        """Return what the page says of a row's saving, when it has said it."""
        saved = self.page.locator(".saved").nth(number)
        expect(saved).to_have_text(re.compile("^(saved|Not saved)"))
        return str(saved.text_content())

    @property
    def tally(self) -> str:
        """Return the counts in the head."""
        return " ".join(self.page.locator(".tally").inner_text().split())


def _link(target: str, _path: str) -> str:
    return f"pictures/{target}"


def _review() -> bytes:
    rows = []
    for task in gallery.TASKS[:3]:
        decision = Decision(task.target_id, note="two\nlines" if task is gallery.WHEEL else "")
        shown = row(task, gallery.OUTCOMES[0], functools.partial(_link, task.target_id))
        rows.append(dataclasses.replace(shown, state="draft", decision=decision))
    return pages.render_review(rows, title="Drafts", token=TOKEN)


@pytest.fixture
def desk(window: Window) -> Desk:
    """Open the review."""
    desk = Desk(window.page)
    window.page.context.route(f"{ADDRESS}**", desk.answer)
    window.page.goto(ADDRESS)
    return desk


def _press(desk: Desk, *keys: str) -> None:
    for key in keys:
        desk.page.keyboard.press(key)


def test_picture_is_approved_with_its_button(desk: Desk) -> None:
    desk.page.get_by_role("button", name="Approve").first.click()
    assert desk.says(0) == "saved"
    assert desk.taken == [{"id": "portrait", "status": "approved"}]
    assert desk.tokens == [TOKEN]
    assert desk.tally == "1 approved 0 rejected 2 undecided"


def test_pictures_are_decided_about_by_keys(desk: Desk) -> None:
    _press(desk, "j", "a", "j", "r", "n", *"too dark", "Control+Enter")
    assert desk.says(1) == "saved"
    expect(desk.page.get_by_text("saved", exact=True)).to_have_count(2)
    assert desk.taken[0] == {"id": "portrait", "status": "approved"}
    assert desk.taken[-1] == {"id": "storm", "note": "too dark"}
    assert desk.tally == "1 approved 1 rejected 1 undecided"


def test_decision_is_taken_back_by_the_same_key(desk: Desk) -> None:
    _press(desk, "j", "a")
    assert desk.says(0) == "saved"
    _press(desk, "a")
    expect(desk.page.locator("[data-tally=draft]")).to_have_text("3")
    assert [each["status"] for each in desk.taken] == ["approved", "draft"]


def test_state_of_a_row_is_told_by_word_and_by_the_button(desk: Desk) -> None:
    _press(desk, "j", "r")
    desk.says(0)
    task = desk.page.locator("article").first
    assert task.locator(".state").inner_text() == "✗ rejected"
    assert task.get_by_role("button", name="Reject").get_attribute("aria-pressed") == "true"
    assert task.get_by_role("button", name="Approve").get_attribute("aria-pressed") == "false"


def test_refused_decision_stays_visibly_unsaved_and_is_retried_by_pressing_again(
    desk: Desk, window: Window
) -> None:
    desk.refusal = "another command writes to this story"
    _press(desk, "j", "a")
    assert (
        desk.says(0)
        == "Not saved: another command writes to this story; wait. Press again to retry."
    )
    assert desk.tally == "0 approved 0 rejected 3 undecided 1 not saved"
    assert "unsaved" in str(desk.page.locator("article").first.get_attribute("class"))
    desk.refusal = ""
    _press(desk, "a")
    expect(desk.page.locator(".unsaved")).to_have_count(0)
    assert (desk.says(0), desk.taken[-1]["status"]) == ("saved", "approved")
    window.trouble.clear()  # the browser tells of the 409


MEANWHILE = {"status": "approved", "state": "approved", "note": "best of all"}


def test_what_somebody_else_decided_meanwhile_is_shown_and_may_be_taken_over(
    desk: Desk, window: Window
) -> None:
    desk.there = MEANWHILE
    _press(desk, "j", "r")
    assert desk.says(0) == "Not saved: it says something else; press again."
    task = desk.page.locator("article").first
    assert task.get_by_label("Note").input_value() == "best of all"
    assert task.locator(".state").inner_text() == "✓ approved"
    task.get_by_role("button", name="Take it over").click()
    expect(task.locator(".saved")).to_have_text("taken over")
    expect(task.get_by_role("button", name="Take it over")).to_be_hidden()
    assert desk.tally == "1 approved 0 rejected 2 undecided"
    assert (desk.taken, desk.had) == ([], [{"status": "draft", "note": ""}])
    window.trouble.clear()  # the browser tells of the 409


def test_pressed_again_the_page_decides_over_somebody_else_and_leaves_their_note(
    desk: Desk, window: Window
) -> None:
    desk.there = MEANWHILE
    _press(desk, "j", "r")
    desk.says(0)
    _press(desk, "r")
    expect(desk.page.locator(".saved").first).to_have_text("saved")
    assert desk.taken == [{"id": "portrait", "status": "rejected"}]
    assert desk.had[-1] == {"status": "approved", "note": "best of all"}
    window.trouble.clear()


def test_a_note_goes_over_somebody_elses_only_where_that_is_meant(
    desk: Desk, window: Window
) -> None:
    desk.there = MEANWHILE
    note = desk.page.get_by_label("Note").first
    note.fill("mine")
    note.blur()
    assert desk.says(0).startswith("Not saved")
    note.fill("mine, longer")
    note.blur()
    desk.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    desk.page.wait_for_timeout(50)
    assert desk.taken == []
    desk.page.get_by_role("button", name="Save mine").first.click()
    expect(desk.page.locator(".saved").first).to_have_text("saved")
    assert desk.taken == [{"id": "portrait", "note": "mine, longer"}]
    assert desk.tally == "1 approved 0 rejected 2 undecided"
    window.trouble.clear()


def test_what_stands_there_already_is_saved_and_shown(desk: Desk, window: Window) -> None:
    desk.there = MEANWHILE
    _press(desk, "j", "a")
    assert desk.says(0).startswith("saved by somebody else")
    assert desk.page.get_by_label("Note").first.input_value() == "best of all"
    assert desk.tally == "1 approved 0 rejected 2 undecided"
    window.trouble.clear()


def test_review_that_has_ended_is_said(desk: Desk, window: Window) -> None:
    desk.page.context.route(f"{ADDRESS}decisions", lambda route: route.abort())
    _press(desk, "j", "a")
    assert "it may have ended" in desk.says(0)
    window.trouble.clear()


def test_note_of_two_lines_is_shown_whole_and_stays(desk: Desk) -> None:
    assert desk.page.get_by_label("Note").nth(2).input_value() == "two\nlines"
    desk.page.get_by_role("button", name="Reject").nth(2).click()
    assert desk.says(2) == "saved"
    assert desk.taken == [{"id": "wheel", "status": "rejected"}]


def test_notes_that_nobody_touched_do_not_go_when_the_page_is_closed(desk: Desk) -> None:
    desk.page.get_by_label("Note").nth(2).focus()
    desk.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    desk.page.wait_for_timeout(50)
    assert desk.taken == []


def test_note_of_several_lines_is_typed_and_its_field_grows(desk: Desk) -> None:
    note = desk.page.get_by_label("Note").first
    one_line = note.evaluate("each => each.offsetHeight")
    _press(desk, "j", "n", *"aj", "Enter", *"ru", "Enter", "k")
    assert note.evaluate("each => each.offsetHeight") > 1.5 * one_line
    _press(desk, "Control+Enter")
    assert desk.says(0) == "saved"
    assert desk.taken[-1:] == [{"id": "portrait", "note": "aj\nru\nk"}]
    assert desk.tally == "0 approved 0 rejected 3 undecided"


def test_note_is_saved_when_it_is_left(desk: Desk) -> None:
    desk.page.get_by_label("Note").first.fill("softer light")
    desk.page.get_by_label("Note").first.blur()
    assert desk.says(0) == "saved"
    assert desk.taken == [{"id": "portrait", "note": "softer light"}]


def test_note_goes_when_the_page_is_closed_in_the_middle_of_it(desk: Desk) -> None:
    desk.page.get_by_label("Note").first.fill("softer li")
    with desk.page.expect_request(f"{ADDRESS}decisions"):
        desk.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    desk.page.wait_for_timeout(50)
    assert desk.taken[0] == {"id": "portrait", "note": "softer li"}


def test_decided_rows_are_found_by_the_filter(desk: Desk, window: Window) -> None:
    _press(desk, "j", "a")
    desk.says(0)
    desk.page.get_by_label("State").select_option("draft")
    expect(desk.page.locator("output")).to_have_text("2 of 3 shown")
    assert window.shown == gallery.TITLES[1:3]


def test_letters_typed_into_a_note_decide_nothing(desk: Desk) -> None:
    _press(desk, "j", "n", *"arruja")
    assert desk.page.get_by_label("Note").first.input_value() == "arruja"
    assert desk.tally == "0 approved 0 rejected 3 undecided"


def test_pictures_are_asked_for_by_task(desk: Desk) -> None:
    desk.page.wait_for_load_state("networkidle")
    assert "pictures/portrait" in desk.asked
