from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from chargen_batch.model.outcome import TaskError
from tests import samples
from tests.browser.window import done

if TYPE_CHECKING:
    from tests.browser.window import Window

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.timeout(600)]

# What would set `window.hit`, or ask an outside host, if it were anything but text.
HOSTILE: Final = {
    "a script": "<script>hit = 1</script>",
    "the end of ours": "</script><script>hit = 1</script>",
    "the end of the prompt": "</pre></div><script>hit = 1</script>",
    "the end of the title": "</title></style><script>hit = 1</script>",
    "a comment": "<!--<script>--><script>hit = 1</script>",
    "a handler": '<img src="https://evil.example/x.png" onerror="hit = 1">',
    "an attribute": '" onfocus="hit = 1" autofocus tabindex="0" x="',
    "a bare attribute": "' onmouseover=hit=1 x='",
    "an address": '<a href="javascript:hit=1">here</a>',
    "a frame": '<iframe srcdoc="<script>parent.hit = 1</script>"></iframe>',
    "a form": '<form action="https://evil.example/"><button autofocus>go</button></form>',
    "a base": '<base href="https://evil.example/">',
    "a refresh": '<meta http-equiv="refresh" content="0; url=https://evil.example/">',
    "a style": "<style>@import 'https://evil.example/x.css'; * { display: none }</style>",
    "a picture of a style": '<div style="background: url(https://evil.example/x.png)">',
    "a template": "{{ 7 * 7 }}{% raw %}{{ ''.__class__.__mro__ }}${hit = 1}",
    "a drawing": '<svg onload="hit = 1"><script>hit = 1</script></svg>',
    "letters turned around": "\u202egnp.exe\u2066 \u200fabc",
    "a terminal's escapes": "\x1b]0;owned\x07\x1b[2J\x9b31m\x00",
    "entities": "&lt;script&gt;hit = 1&lt;/script&gt;&#60;script&#62;",
}
FIELDS: Final = ("title", "prompt", "negative_prompt", "description", "entity_slug", "model")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_stay_texts(window: Window, name: str) -> None:
    text = HOSTILE[name]
    path = text.replace("/", "|").replace("\0", "")[:80] + ".png"
    reference = msgspec.structs.replace(samples.PORTRAIT, path=path, role=text)
    task = samples.task(reference_images=(reference,), **dict.fromkeys(FIELDS, text))
    report = window.show([task], [done(task, warnings=(text,))])
    report.mouse.move(640, 450)
    report.keyboard.press("j")
    assert report.evaluate("typeof hit") == "undefined"
    assert (report.locator("script").count(), report.locator("iframe, base, form").count()) == (
        1,
        1,
    )
    assert report.locator("article").count() == 1


@pytest.mark.parametrize("name", ["a script", "an attribute", "a template", "entities"])
def test_hostile_prompt_is_read_as_it_was_sent(window: Window, name: str) -> None:
    report = window.show([samples.task(prompt=HOSTILE[name])])
    assert report.locator("pre").inner_text() == HOSTILE[name]


def test_what_turns_letters_around_is_named(window: Window) -> None:
    report = window.show([samples.task(prompt=HOSTILE["letters turned around"])])
    assert report.locator("pre").inner_text() == "⟨U+202E⟩gnp.exe⟨U+2066⟩ \u200fabc"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_words_of_the_service_stay_texts(window: Window, name: str) -> None:
    task, text = samples.task(), HOSTILE[name]
    error = TaskError(code=text, message=text, retryable=False)
    report = window.show([task], [samples.failure(task.key, error=error)])
    assert report.evaluate("typeof hit") == "undefined"
    assert report.locator("script").count() == 1


def test_policy_stops_what_would_get_through(window: Window) -> None:
    report = window.show([samples.task()])
    report.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.hit = 1";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src='https://evil.example/x.png'>");
    }""")
    report.wait_for_timeout(100)
    assert report.evaluate("window.hit") is None
    assert len(window.trouble) == 2
    assert all("Content Security Policy" in told for told in window.trouble)
    window.trouble.clear()


def test_page_asks_for_its_pictures_and_nothing_else(window: Window) -> None:
    task = samples.task(reference_images=(samples.PORTRAIT,))
    report = window.show([task], [done(task)])
    report.wait_for_load_state("networkidle")
    names = {address.rpartition("/")[2] for address in window.asked}
    assert names == {"report.html", "portrait.png", "ada.png"}
