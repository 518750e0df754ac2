"""A browser for these tests, and a fresh page with an eye on what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start the browser; its sandbox does not work for root.

    It ends with these tests: while it is there an event loop runs in the worker's main thread, in
    which no other test could run one of its own.
    """
    args = ["--no-sandbox"] if chromium.is_root() else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=args)
        yield browser
        browser.close()


@pytest.fixture
def window(browser: Browser, tmp_path: Path) -> Iterator[Window]:
    """Give a window in which no script fails and nothing is asked of the network."""
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    window = Window(context.new_page(), tmp_path)
    yield window
    context.close()
    assert window.outside == []
    assert window.trouble == []
