from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import gallery

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.window import Window

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]


@pytest.fixture
def report(window: Window) -> Page:
    """Open the report of the little run."""
    return window.show(gallery.TASKS, gallery.OUTCOMES)


def _press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


@pytest.mark.parametrize(
    ("keys", "title"),
    [
        ("j", "Ada"),
        ("jj", "Ada in the storm"),
        ("jjjk", "Ada in the storm"),
        ("jkk", "Ada"),
        ("jjjjjjj", "The pond"),
    ],
)
def test_j_and_k_go_from_task_to_task(window: Window, report: Page, keys: str, title: str) -> None:
    _press(report, *keys)
    assert window.focused == title


def test_task_that_was_gone_to_is_clear_of_the_bar(window: Window, report: Page) -> None:
    _press(report, "j", "j", "j")
    report.wait_for_timeout(100)
    bar = report.locator("search").evaluate("bar => bar.getBoundingClientRect().bottom")
    top = window.seen.nth(2).evaluate("task => task.getBoundingClientRect().top")
    assert bar <= top + 1


def test_arrows_move_once_a_task_has_the_focus_and_scroll_before(
    window: Window, report: Page
) -> None:
    _press(report, "ArrowDown")
    assert window.focused == "BODY"
    _press(report, "j", "ArrowDown", "ArrowDown", "ArrowUp")
    assert window.focused == "Ada in the storm"


def test_slash_searches_and_escape_goes_back(window: Window, report: Page) -> None:
    _press(report, "j", "/", *"wheel")
    expect(report.locator("output")).to_have_text("1 of 5 shown")
    _press(report, "Escape", "j")
    assert (window.focused, window.shown) == ("The wheel", ["The wheel"])


def test_letters_typed_into_the_search_are_no_keys(window: Window, report: Page) -> None:
    _press(report, "/", *"jkop/")
    assert (window.focused, report.get_by_label("Search").input_value()) == ("INPUT", "jkop/")


def test_p_shows_the_whole_prompt(report: Page) -> None:
    _press(report, "j", "j", "p")
    assert report.get_by_role("button", name="Less").is_visible()


def test_o_opens_the_picture(report: Page) -> None:
    _press(report, "j", "o")
    report.wait_for_url("**/portrait.png")
    assert report.locator("img").count() == 1


def test_single_letters_can_be_switched_off(window: Window, report: Page) -> None:
    report.get_by_text("Keys", exact=True).click()
    report.get_by_label("single letters are keys").uncheck()
    _press(report, "j")
    assert window.focused == "INPUT"


def test_keys_with_ctrl_are_the_browsers(window: Window, report: Page) -> None:
    _press(report, "Control+j", "Alt+j")
    assert window.focused == "BODY"


def test_first_tab_skips_to_the_tasks(report: Page) -> None:
    _press(report, "Tab")
    skip = report.get_by_role("link", name="Skip to the tasks")
    assert skip.evaluate("link => link === document.activeElement")
    assert skip.evaluate("link => link.getBoundingClientRect().top") >= 0
    _press(report, "Enter")
    assert report.evaluate("document.activeElement.id") == "tasks"


def test_what_has_the_focus_is_marked(report: Page) -> None:
    _press(report, "Tab", "Tab")
    style = report.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid 3px" in style
    _press(report, "j")
    assert report.evaluate("getComputedStyle(document.activeElement).boxShadow") != "none"


def test_tab_goes_from_a_task_to_its_picture(report: Page) -> None:
    _press(report, "j", "Tab")
    assert str(report.evaluate("document.activeElement.href")).endswith("portrait.png")
