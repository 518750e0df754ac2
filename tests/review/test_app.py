"""The review, asked over a real socket as its page asks it."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.api.session import Session
from chargen_batch.phases.review import Desk
from chargen_batch.review.server import serve
from tests.cli.conftest import HOLDER
from tests.phases import story
from tests.review.conftest import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.review.conftest import Browser

BOWL = "Throwing a Bowl"


@contextlib.contextmanager
def held_story(root: Path) -> Iterator[Callable[[], object]]:
    """Hold the story in another process, until what is given is called."""
    folder = root / ".chargen"
    folder.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder / "story.lock"), "apply"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        yield process.communicate


def test_the_page_shows_every_draft_with_its_controls(browser: Browser) -> None:
    ids = browser.ids()
    assert list(ids)[:2] == [BOWL, "Carrying Wood"]
    assert len(ids) == len(story.TARGETS)
    page = browser.client.get(browser.room).text
    for picture_id in ids.values():
        assert f'src="pictures/{picture_id}"' in page
    assert f'src="references/{ids[BOWL]}/0"' in page
    assert str(browser.root) not in page


def test_each_picture_and_reference_of_the_page_is_there(browser: Browser) -> None:
    picture_id = browser.ids()[BOWL]
    picture = browser.client.get(f"{browser.room}pictures/{picture_id}")
    image = browser.root / "characters/ines" / browser.entry()["path"]
    assert (picture.status_code, picture.content) == (200, image.read_bytes())
    assert picture.headers["content-type"] == "image/png"
    reference = browser.client.get(f"{browser.room}references/{picture_id}/0")
    assert reference.content == (browser.root / story.PORTRAIT).read_bytes()


def test_a_decision_is_in_the_file_when_it_is_answered(browser: Browser) -> None:
    said = {"id": browser.ids()[BOWL], "status": "rejected", "note": 'no: "dark"\n😀'}
    answer = browser.decide(said)
    assert (answer.status_code, answer.json()) == (200, {**said, "state": "rejected"})
    entry = browser.entry()
    assert (entry["status"], entry["review_note"]) == (said["status"], said["note"])


def test_a_page_that_is_loaded_again_shows_what_was_decided(browser: Browser) -> None:
    said = {"id": browser.ids()[BOWL], "status": "approved", "note": "<b>&amp;</b>"}
    browser.decide(said)
    page = browser.open()
    assert f'data-task="{said["id"]}"' in page
    assert "&lt;b&gt;&amp;amp;&lt;/b&gt;" in page
    assert said["note"] not in page


def test_many_pictures_are_on_several_pages(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = list(browser.ids())
    monkeypatch.setattr("chargen_batch.review.page.PAGE_ROWS", 2)
    shown = [browser.client.get(f"{browser.room}?part={n}").text for n in (1, 2, 3, 99, "x", -1)]
    pages = [[title for title in titles if f">{title}</h4>" in text] for text in shown]
    assert pages == [titles[:2], titles[2:4], titles[4:], titles[4:], titles[:2], titles[:2]]
    assert "Page 2 of 3" in shown[1]
    assert [f'href="?part={n}"' in shown[1] for n in (1, 2, 3)] == [True, False, True]


def test_a_rehearsal_is_told_once_and_not_at_each_picture(browser: Browser) -> None:
    files = [*browser.root.rglob("imagery.yaml")]
    for path in files:
        text = path.read_text()
        path.write_text(re.sub(r"provider: \"google\"", "provider: emulator", text))
    page = browser.open()
    assert page.count("in a rehearsal") == 1
    assert "data-warned" not in page.partition('<section class="tasks"')[2].partition("<script")[0]


def test_the_link_opens_as_often_as_it_is_needed(browser: Browser) -> None:
    assert [browser.enter().status_code for _ in range(3)] == [200, 200, 200]


def test_a_link_for_one_time_opens_once(browser: Browser) -> None:
    code = browser.served.link_for_once().partition("#")[2]
    assert [browser.enter(code).status_code for _ in range(2)] == [200, 403]
    assert browser.enter().status_code == 200


def test_the_way_in_shows_nothing_of_the_story(browser: Browser) -> None:
    answer = browser.client.get("/")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    for secret in (BOWL, *browser.served.keys.once, browser.served.keys.link):
        assert secret not in answer.text


def test_the_cookie_is_for_this_room_and_for_no_script(browser: Browser) -> None:
    cookie = browser.enter().headers["set-cookie"]
    room = f"/{browser.served.keys.room}/"
    assert cookie == (
        f"review={browser.served.keys.cookie}; HttpOnly; Path={room}; SameSite=strict"
    )


@pytest.mark.parametrize("path", ["/", "room", "picture", "decisions", "/nothing", "/a/b/c"])
def test_every_answer_is_kept_by_nobody_and_framed_by_nobody(browser: Browser, path: str) -> None:
    named = {"room": browser.room, "decisions": f"{browser.room}decisions"}
    picture_id = browser.ids()[BOWL]
    named |= {"room": browser.room, "picture": f"{browser.room}pictures/{picture_id}"}
    headers = browser.client.get(named.get(path, path)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control")]


def test_a_story_in_use_is_said_at_the_row_and_pressing_again_saves_it(browser: Browser) -> None:
    said = {"id": browser.ids()[BOWL], "status": "approved", "note": ""}
    with held_story(browser.root) as free:
        answer = browser.decide(said)
        free()
    assert answer.status_code == 409
    assert "is in use by `chargen-batch apply` (process" in answer.json()["error"]
    assert answer.json()["hint"] == "wait for it to end"
    assert browser.entry()["status"] == "draft"
    assert browser.decide(said).status_code == 200


def test_what_somebody_else_decided_meanwhile_is_told_and_stays(browser: Browser) -> None:
    told = {"id": browser.ids()[BOWL], "had": {"status": "draft", "note": ""}}
    assert browser.decide({**told, "status": "approved", "note": "best"}).status_code == 200
    answer = browser.decide({**told, "status": "rejected"})
    there = {"status": "approved", "state": "approved", "note": "best"}
    assert (answer.status_code, answer.json()["there"]) == (409, there)
    assert "approved, with the note “best”" in answer.json()["error"]
    assert browser.entry()["status"] == "approved"
    said = {**told, "status": "rejected", "had": {"status": "approved", "note": "best"}}
    assert browser.decide(said).json() == {
        "id": told["id"],
        "status": "rejected",
        "state": "rejected",
        "note": "best",
    }


def test_the_page_has_the_entrys_own_word_and_warns_of_a_note_that_is_no_text(
    browser: Browser,
) -> None:
    path = browser.root / story.INES
    text = path.read_text("utf-8")
    path.write_text(text.replace('"draft"', "archived\n    review_note: [1]", 1), "utf-8")
    said = {"id": browser.ids()["Carrying Wood"], "status": "approved"}
    assert browser.decide(said).status_code == 200
    assert 'data-says="approved"' in browser.client.get(browser.room).text
    assert 'data-says="draft"' in browser.client.get(browser.room).text


def test_what_waits_for_the_story_when_the_review_ends_is_refused_and_never_written(
    drawn: Path,
) -> None:
    answers: list[httpx.Response] = []
    with held_story(drawn) as free, at(drawn, wait_s=30) as browser:
        said = {"id": browser.ids()[BOWL], "status": "approved"}
        threads = [
            threading.Thread(target=lambda: answers.append(browser.decide(said))) for _ in range(3)
        ]
        for each in threads:
            each.start()
        browser.wait_until_asked()
        browser.desk.end()
        for each in threads:
            each.join()
        free()
        assert browser.decide(said).status_code == 503
    assert [each.status_code for each in answers] == [503] * 3
    assert "the review has ended" in answers[0].json()["error"]
    assert browser.entry()["status"] == "draft"


def test_decisions_that_wait_for_the_story_keep_no_picture_from_being_shown(drawn: Path) -> None:
    with held_story(drawn) as free, at(drawn, wait_s=30) as browser:
        picture_id = browser.ids()[BOWL]
        said = {"id": picture_id, "status": "approved"}
        threads = [threading.Thread(target=browser.decide, args=(said,)) for _ in range(50)]
        for each in threads:
            each.start()
        browser.wait_until_asked(50)
        at_picture = f"{browser.room}pictures/{picture_id}"
        shown = [browser.client.get(at_picture, timeout=10).status_code for _ in range(20)]
        free()
        for each in threads:
            each.join()
    assert shown == [200] * 20


def test_the_rest_of_a_decision_is_not_waited_for_long(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chargen_batch.review.app.BODY_S", 0.05)
    browser.open()
    port = httpx.URL(browser.served.base_url).port
    head = [f"POST {browser.room}decisions HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    head += [f"Origin: http://127.0.0.1:{port}", "Content-Type: application/json"]
    head += [f"Cookie: review={browser.served.keys.cookie}", f"X-Review-Token: {browser.token}"]
    with socket.create_connection(("127.0.0.1", port or 0)) as raw:
        raw.sendall("\r\n".join([*head, "Content-Length: 100", "", '{"id": "']).encode())
        assert raw.recv(64).split()[1] == b"408"


def test_many_decisions_at_once_are_all_written(browser: Browser) -> None:
    ids, codes = list(browser.ids().values()), list[int]()

    def decide(picture_id: str) -> None:
        said = {"id": picture_id, "status": "approved", "note": picture_id}
        codes.append(browser.decide(said).status_code)

    threads = [threading.Thread(target=decide, args=(each,)) for each in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * len(ids)
    files = [browser.root / name for name in (story.INES, story.KILN, story.CHAPTER)]
    text = "".join(path.read_text("utf-8") for path in files)
    assert all(f'review_note: "{each}"' in text for each in ids)


def test_a_file_that_was_broken_meanwhile_is_said_at_the_row(browser: Browser) -> None:
    said = {"id": browser.ids()[BOWL], "status": "approved"}
    (browser.root / story.INES).write_text("a: [\n")
    answer = browser.decide(said)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(f"{story.INES}:2:1: ")


def test_localhost_is_as_good_a_name_and_a_place_of_its_own(browser: Browser) -> None:
    port = httpx.URL(browser.served.base_url).port
    name = {"host": f"localhost:{port}", "origin": f"http://localhost:{port}"}
    assert browser.client.get("/", headers=name).status_code == 200
    said = {"id": browser.ids()[BOWL], "status": "approved"}
    assert browser.decide(said, **name).status_code == 200


def test_a_review_that_has_ended_answers_no_more(drawn: Path) -> None:
    with Session(drawn) as session:
        desk = Desk(session.project, lambda: session.story_held("review"))
        with serve(desk) as served:
            assert httpx.get(served.base_url, trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.base_url, trust_env=False)
