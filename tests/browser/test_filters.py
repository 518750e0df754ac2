from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import gallery

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.window import Window

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

FILTERS = {
    "": gallery.TITLES,
    "#kind=location": gallery.TITLES[2:],
    "#entity=ada": gallery.TITLES[:2],
    "#state=failed": ["The wheel", "The loft"],
    "#state=with+warnings": ["Ada in the storm"],
    "#text=SEA": ["Ada"],
    "#text=ada+storm": ["Ada in the storm"],
    "#text=BAD_RESULT": ["The loft"],
    "#kind=location&state=open": ["The pond"],
    "#kind=character&state=open": [],
    "#state=nonsense": gallery.TITLES,
    "#nonsense": gallery.TITLES,
    "#%E0%A4%A": gallery.TITLES,
}


@pytest.fixture
def report(window: Window) -> Page:
    """Open the report of the little run."""
    return window.show(gallery.TASKS, gallery.OUTCOMES)


@pytest.mark.parametrize("fragment", FILTERS)
def test_link_shows_what_it_asks_for(window: Window, fragment: str) -> None:
    window.show(gallery.TASKS, gallery.OUTCOMES, fragment)
    assert window.shown == FILTERS[fragment]


def test_choices_narrow_the_list_and_stand_in_the_address(window: Window, report: Page) -> None:
    report.get_by_label("Kind").select_option("location")
    report.get_by_label("State").select_option("failed")
    report.wait_for_url("**#kind=location&state=failed")
    assert window.shown == ["The wheel", "The loft"]
    report.reload()
    assert window.shown == ["The wheel", "The loft"]


def test_choices_say_how_many_there_are(report: Page) -> None:
    options = report.get_by_label("State").locator("option").all_inner_texts()
    assert options == ["all states", "done (2)", "failed (2)", "open (1)", "with warnings (1)"]


def test_count_is_told_to_who_does_not_see_it(report: Page) -> None:
    told = report.locator("output")
    assert (told.inner_text(), told.get_attribute("aria-live")) == ("5 shown", "polite")
    report.get_by_label("Search").fill("wheel")
    expect(report.locator("output")).to_have_text("1 of 5 shown")


def test_entity_without_a_task_to_show_is_not_shown(window: Window) -> None:
    report = window.show(gallery.TASKS, gallery.OUTCOMES, "#text=wheel")
    assert report.locator(".entity:visible h3").all_inner_texts() == ["old-mill location"]


def test_nothing_that_fits_is_said(window: Window) -> None:
    report = window.show(gallery.TASKS, gallery.OUTCOMES, "#text=zeppelin")
    assert report.get_by_text("Nothing fits these filters.").is_visible()


def test_clear_shows_everything_again(window: Window) -> None:
    report = window.show(gallery.TASKS, gallery.OUTCOMES, "#state=failed")
    report.get_by_role("button", name="Clear").click()
    expect(report).to_have_url(re.compile("html$"))
    assert window.shown == gallery.TITLES


def test_going_back_to_another_link_filters_anew(window: Window, report: Page) -> None:
    report.evaluate("location.hash = '#state=open'")
    expect(report.locator("output")).to_have_text("1 of 5 shown")
    assert window.shown == ["The pond"]
