"""The review, asked over a real socket as its page asks it."""

from __future__ import annotations

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

if TYPE_CHECKING:
    from pathlib import Path

    from tests.review.conftest import Browser

BOWL = "Throwing a Bowl"


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
    assert (answer.status_code, answer.json()) == (200, said)
    entry = browser.entry()
    assert (entry["status"], entry["review_note"]) == (said["status"], said["note"])


def test_a_page_that_is_loaded_again_shows_what_was_decided(browser: Browser) -> None:
    said = {"id": browser.ids()[BOWL], "status": "approved", "note": "<b>&amp;</b>"}
    browser.decide(said)
    page = browser.open()
    assert f'data-task="{said["id"]}"' in page
    assert "&lt;b&gt;&amp;amp;&lt;/b&gt;" in page
    assert said["note"] not in page


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
    folder = browser.root / ".chargen"
    folder.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder / "story.lock"), "apply"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        answer = browser.decide(said)
        process.communicate()
    assert answer.status_code == 409
    assert "is in use by `chargen-batch apply` (process" in answer.json()["error"]
    assert answer.json()["hint"] == "wait for it to end"
    assert browser.entry()["status"] == "draft"
    assert browser.decide(said).status_code == 200


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
