from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect

from tests import samples
from tests.browser import gallery
from tests.browser.window import done

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.window import Window

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

STATES: Final = ("done", "failed", "open")
LOADED: Final = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture
def report(window: Window) -> Page:
    """Open the report of the little run."""
    return window.show(gallery.TASKS, gallery.OUTCOMES)


def test_every_task_is_there_with_its_state(window: Window, report: Page) -> None:
    assert window.shown == gallery.TITLES
    states = report.locator(".state .word").all_text_contents()
    assert states == ["done", "done", "failed", "failed", "open"]


def test_picture_and_reference_of_a_task_are_shown(window: Window, report: Page) -> None:
    task = window.seen.first
    task.scroll_into_view_if_needed()
    for image in (task.locator(".pictures img"), task.locator(".references img")):
        image.evaluate(f"image => image.decode().then(() => ({LOADED})(image))")
    assert report.get_by_alt_text("reference 1: portrait").is_visible()


def test_a_task_tells_its_prompt_source_key_and_warnings(window: Window, report: Page) -> None:
    text = str(window.seen.nth(1).text_content())
    assert "no umbrella" in text
    assert "characters/ada/image-ideas.yaml: image_ideas[0]" in text
    assert gallery.STORM.key in text
    assert "48 x 64 is not the size asked for" in text
    assert report.title() == f"2 of 5 drawn · run {samples.RUN_ID}"


def test_dead_letter_leads_to_its_task(window: Window, report: Page) -> None:
    report.get_by_role("link", name="location/old-mill/loft").click()
    assert window.focused == "The loft"
    assert window.seen.nth(3).evaluate("task => task.getBoundingClientRect().top") < 300


def test_link_to_a_task_shows_it_whatever_was_filtered(window: Window) -> None:
    page = window.show(gallery.TASKS, gallery.OUTCOMES, "#state=done")
    page.get_by_role("link", name="location/old-mill/wheel").click()
    expect(page.locator("article:focus")).to_be_visible()
    assert (window.focused, len(window.shown)) == ("The wheel", 5)


def test_long_prompt_is_shown_whole_when_asked_for(window: Window, report: Page) -> None:
    prompt = window.seen.nth(1).locator("pre").first
    before = prompt.evaluate("each => each.clientHeight")
    report.get_by_role("button", name="Whole prompt").click()
    assert report.get_by_role("button", name="Less").get_attribute("aria-expanded") == "true"
    assert prompt.evaluate("each => each.clientHeight") > 2 * before


def test_page_has_landmarks_and_headings_in_order(report: Page) -> None:
    for role in ("banner", "main", "search"):
        assert report.get_by_role(role).count() == 1
    levels = [
        int(each.evaluate("h => h.tagName[1]")) for each in report.locator("h1,h2,h3,h4,h5").all()
    ]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_field_and_button_has_a_name(report: Page) -> None:
    unnamed = "each => !(each.labels?.length || each.innerText.trim() || each.ariaLabel)"
    fields = report.locator("input, select, button").all()
    assert fields
    assert not [each.get_attribute("name") for each in fields if each.evaluate(unnamed)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_paper(window: Window, scheme: str) -> None:
    window.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # a parameter
    window.show(gallery.TASKS, gallery.OUTCOMES)
    words = (
        "h4",
        "pre",
        ".soft",
        ".done .state",
        ".failed .state",
        ".open .state",
        ".key, dt",
        "a",
    )
    assert {each: ratio for each in words if (ratio := _contrast(window.page, each)) < 4.5} == {}


def _contrast(page: Page, selector: str) -> float:
    ink = page.locator(selector).last.evaluate("each => getComputedStyle(each).color")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light, dark = sorted((_luminance(ink), _luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Return a colour's relative luminance (WCAG 2.2)."""
    channels = [int(each) / 255 for each in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
def test_page_is_as_wide_as_the_window(window: Window, width: int) -> None:
    window.page.set_viewport_size({"width": width, "height": 800})
    window.show(gallery.TASKS, gallery.OUTCOMES)
    assert window.page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_paper_there_are_all_prompts_and_no_controls(window: Window, report: Page) -> None:
    report.emulate_media(media="print")
    prompt = window.seen.nth(1).locator("pre").first
    assert prompt.evaluate("each => each.scrollHeight - each.clientHeight") <= 1
    assert not report.get_by_role("searchbox").is_visible()
    assert report.pdf(format="A4").startswith(b"%PDF")


def test_without_a_script_everything_is_there(window: Window) -> None:
    task = gallery.STORM
    browser = window.page.context.browser
    assert browser
    context = browser.new_context(java_script_enabled=False)
    report = context.new_page()
    window.show([task], [done(task)])
    report.goto(window.page.url)
    assert report.locator("pre").first.inner_text().endswith("line 29 of a long prompt")
    assert not report.locator(".filters").is_visible()
    context.close()


def test_analysis_is_shown_with_its_picture(window: Window) -> None:
    task = samples.task(kind="analyze", input_images=(samples.PORTRAIT,))
    answer = '{"mood": "calm", "palette": {"dominant": ["ochre"]}}'
    outcome = samples.success(task.key, pictures=(), analysis_json=answer)
    report = window.show([task], [outcome])
    assert report.get_by_alt_text("Ada").count() == 1
    assert "ochre" in report.locator(".answer").inner_text()
