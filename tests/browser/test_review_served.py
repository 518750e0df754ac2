"""The review as it is served, in a real browser: let in by the link, attacked from next door."""

from __future__ import annotations

import contextlib
import http.server
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest
from playwright.sync_api import expect

from chargen_batch import yaml12
from tests.phases import story
from tests.phases.world import COMMANDS
from tests.review.conftest import at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.window import Window
    from tests.review.conftest import Browser as Asking

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

ATTACK: Final = """async ({room, id}) => {
  const seen = [];
  const body = JSON.stringify({id, status: "rejected"});
  const post = {method: "POST", credentials: "include", body};
  for (const [path, how] of [
    ["decisions", {...post, mode: "no-cors"}],
    ["decisions", {...post, headers: {"content-type": "application/json", "x-review-token": "x"}}],
    ["", {credentials: "include"}],
  ]) {
    try { seen.push((await fetch(room + path, how)).type); } catch { seen.push("refused"); }
  }
  const image = new Image();
  const size = new Promise((done) => {
    image.onload = () => done(image.width);
    image.onerror = () => done(0);
  });
  image.src = `${room}pictures/${id}`;
  const frame = document.createElement("iframe");
  const isForeign = new Promise((done) => {
    frame.onload = () => done(frame.contentDocument === null);
  });
  frame.src = room;
  document.body.append(frame);
  return [...seen, await size, await isForeign];
}"""


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    """Serve the review of a story whose pictures are drawn."""
    world = story.make(tmp_path / "story")
    world.do_all("plan", *COMMANDS[:-1])
    with at(world.root) as asking:
        yield asking


def entries(asking: Asking) -> list[tuple[str, str | None]]:
    data: Any = yaml12.load((asking.root / story.INES).read_bytes(), where=story.INES)
    return [(each["status"], each.get("review_note")) for each in data["image_inventory"]]


def opened(page: Page, asking: Asking) -> Page:
    page.goto(asking.served.link)
    page.wait_for_selector("[data-task]")
    return page


def saved(page: Page, number: int) -> None:
    """Wait until the page says that a row is saved."""
    expect(page.locator(".saved").nth(number)).to_have_text("saved")


def test_a_person_approves_rejects_and_notes_and_finds_it_again(
    window: Window, asking: Asking
) -> None:
    page = opened(window.page, asking)
    assert asking.served.keys.link not in page.url
    rows = page.locator("[data-task]")
    rows.nth(0).get_by_role("button", name="Approve").click()
    rows.nth(1).get_by_label("Note").fill('no: "dark" #1 😀')
    rows.nth(1).get_by_role("button", name="Reject").click()
    for number in (0, 1):
        saved(page, number)
    decided = [("approved", None), ("rejected", 'no: "dark" #1 😀')]
    assert entries(asking) == decided
    opened(page, asking)  # as if it had been closed
    assert [rows.nth(n).get_attribute("data-state") for n in (0, 1, 2)] == [
        *("approved", "rejected", "draft"),
    ]
    assert rows.nth(1).get_by_label("Note").input_value() == decided[1][1]


def test_every_picture_and_reference_is_seen(window: Window, asking: Asking) -> None:
    page = opened(window.page, asking)
    images = page.locator("img").all()
    assert len(images) >= 2 * len(story.TARGETS) - 1
    for image in images:
        image.scroll_into_view_if_needed()  # they are loaded when they come into sight
        expect(image).not_to_have_js_property("naturalWidth", 0)


def test_a_note_that_a_text_field_cannot_hold_stays(window: Window, asking: Asking) -> None:
    path = asking.root / story.INES
    note = '    review_note: "two\\nlines \\x07"\n'
    path.write_text(path.read_text("utf-8").replace('"draft"\n', f'"draft"\n{note}', 1), "utf-8")
    page = opened(window.page, asking)
    page.locator("[data-task]").first.get_by_role("button", name="Approve").click()
    saved(page, 0)
    assert entries(asking)[0] == ("approved", "two\nlines \x07")


def test_of_two_tabs_the_older_one_erases_nothing(window: Window, asking: Asking) -> None:
    older = opened(window.page, asking)
    newer = older.context.new_page()
    newer.goto(older.url)
    newer.locator("[data-task]").first.get_by_label("Note").fill("from the other tab")
    newer.locator("[data-task]").first.get_by_role("button", name="Approve").click()
    saved(newer, 0)
    older.locator("[data-task]").first.get_by_role("button", name="Reject").click()
    expect(older.locator(".saved").first).to_contain_text("from the other tab")
    assert entries(asking)[0] == ("approved", "from the other tab")
    older.locator("[data-task]").first.get_by_role("button", name="Reject").click()
    saved(older, 0)
    assert entries(asking)[0] == ("rejected", "from the other tab")
    window.trouble.clear()  # the browser tells of the 409


def test_without_the_code_nothing_is_shown(window: Window, asking: Asking) -> None:
    window.page.goto(asking.served.base_url)
    said = window.page.get_by_role("status")
    assert said.inner_text().startswith("Open the link that the terminal shows")


@contextlib.contextmanager
def next_door() -> Iterator[str]:
    """Serve an empty page of another program on this machine; return its address."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><body>")

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_page_next_door_sees_and_decides_nothing(browser: Browser, asking: Asking) -> None:
    context = browser.new_context()  # the one that was let in: it has the cookie
    ours = opened(context.new_page(), asking)
    known = {"room": ours.url, "id": ours.locator("[data-task]").first.get_attribute("data-task")}
    with next_door() as address:
        page = context.new_page()
        page.goto(address)
        seen = page.evaluate(ATTACK, known)
        cookies = page.context.cookies(address)
    context.close()
    assert seen == ["refused", "refused", "refused", 0, True]
    assert cookies == []
    assert entries(asking) == [("draft", None)] * 2
