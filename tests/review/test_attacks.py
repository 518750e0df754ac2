"""What is not asked by our own page, in the browser that was let in, gets and does nothing."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from chargen_batch.review.guard import Keys, is_same
from tests.phases import story
from tests.review.conftest import at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.review.conftest import Browser

BOWL = "Throwing a Bowl"
FOREIGN = "http://evil.example"
HOSTS = [
    *("evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil:{port}"),
    *("localhost", "LOCALHOST.:{port}", "[::1]:{port}", "0.0.0.0:{port}", "127.0.0.1:{port}@evil"),
    *("user@127.0.0.1:{port}", ""),
]


@pytest.fixture(scope="module")
def browser(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Give one browser to all: what is tried here leaves the story as it is."""
    root = shutil.copytree(project, tmp_path_factory.mktemp("attacked") / "story")
    with at(root) as browser:
        yield browser


@pytest.fixture
def own(drawn: Path) -> Iterator[Browser]:
    """Give a browser at a story that may be changed."""
    with at(drawn) as browser:
        yield browser


def port_of(browser: Browser) -> int:
    return httpx.URL(browser.served.base_url).port or 0


def decision(browser: Browser) -> dict[str, str]:
    return {"id": browser.ids()[BOWL], "status": "approved", "note": "evil"}


def is_untouched(browser: Browser) -> bool:
    return browser.entry()["status"] == "draft" and "evil" not in str(browser.entry())


@pytest.mark.parametrize("host", HOSTS)
def test_a_name_that_is_not_ours_is_told_nothing(browser: Browser, host: str) -> None:
    said = decision(browser)
    name = {"host": host.format(port=port_of(browser))}
    for path in ("/", browser.room, f"{browser.room}pictures/{said['id']}"):
        answer = browser.client.get(path, headers=name)
        assert answer.status_code in {400, 421}
        assert BOWL not in answer.text
    assert browser.decide(said, **name).status_code in {400, 403, 421}
    assert is_untouched(browser)


def test_two_hosts_are_none(browser: Browser) -> None:
    port = port_of(browser)
    with socket.create_connection(("127.0.0.1", port)) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil\r\n\r\n".encode())
        assert raw.recv(64).split()[1] in {b"400", b"421"}


ORIGINS = [
    *(FOREIGN, "null", "http://127.0.0.1", "http://127.0.0.1:1", "https://127.0.0.1:{port}"),
    *("http://localhost:{port}", "http://127.0.0.1:{port}.evil.example", ""),
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_page_of_another_origin_decides_nothing(browser: Browser, origin: str) -> None:
    said = decision(browser)
    answer = browser.decide(said, origin=origin.format(port=port_of(browser)))
    assert answer.status_code == 403
    assert "not ours" in answer.json()["error"]
    assert is_untouched(browser)


def test_a_write_that_does_not_say_where_it_is_from_is_refused(browser: Browser) -> None:
    said = decision(browser)
    token = {"x-review-token": browser.token}
    answer = browser.client.post(f"{browser.room}decisions", json=said, headers=token)
    assert (answer.status_code, is_untouched(browser)) == (403, True)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_is_shown_nothing_though_it_sends_the_cookie(
    browser: Browser, site: str
) -> None:
    said, asked_by = decision(browser), {"sec-fetch-site": site}
    for path in (browser.room, f"{browser.room}pictures/{said['id']}"):
        assert browser.client.get(path, headers=asked_by).status_code == 403
    assert browser.decide(said, **asked_by).status_code == 403
    assert is_untouched(browser)


def test_who_was_not_let_in_is_shown_nothing(browser: Browser) -> None:
    said = decision(browser)
    stranger = httpx.Client(base_url=browser.served.base_url, trust_env=False)
    with stranger:
        paths = [browser.room, f"{browser.room}pictures/{said['id']}"]
        paths.append(f"{browser.room}references/{said['id']}/0")
        for path in paths:
            for cookie in ("", "x", browser.token, browser.served.keys.link):
                answer = stranger.get(path, headers={"cookie": f"review={cookie}"})
                assert answer.status_code == 403
                assert BOWL not in answer.text
        sent = {**browser.origin, "x-review-token": browser.token}
        answer = stranger.post(f"{browser.room}decisions", json=said, headers=sent)
    assert (answer.status_code, is_untouched(browser)) == (403, True)


def test_a_room_that_is_not_ours_is_none_though_the_cookie_is(browser: Browser) -> None:
    browser.open()
    cookie = {"cookie": f"review={browser.served.keys.cookie}"}
    with httpx.Client(base_url=browser.served.base_url, trust_env=False) as client:
        assert client.get("/review/", headers=cookie).status_code == 404
        assert client.get(f"/{'x' * 43}/", headers=cookie).status_code == 404


@pytest.mark.parametrize("token", ["", "x", "cookie", "link", "ü"])
def test_a_write_without_the_token_of_the_page_is_refused(browser: Browser, token: str) -> None:
    said, keys = decision(browser), browser.served.keys
    sent = {"cookie": keys.cookie, "link": keys.link}.get(token, token)
    headers = [
        (b"x-review-token", sent.encode()),
        *((k.encode(), v.encode()) for k, v in browser.origin.items()),
    ]
    answer = browser.client.post(f"{browser.room}decisions", json=said, headers=headers)
    assert (answer.status_code, is_untouched(browser)) == (403, True)


CODES = ["", "x", "\x00", "ü", "\U0001f600", "x" * 10_000]


@pytest.mark.parametrize("code", CODES, ids=range(len(CODES)))
def test_a_code_that_is_not_ours_opens_nothing(browser: Browser, code: str) -> None:
    answer = browser.enter(code)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_what_a_form_of_any_site_can_send_is_refused(browser: Browser, kind: str) -> None:
    said = decision(browser)
    answer = browser.decide(said, **{"content-type": kind})
    assert (answer.status_code, is_untouched(browser)) == (415, True)


BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'{"id": 1, "status": "approved"}',
    b'{"id": "x", "status": "archived"}',
    b'{"id": "x", "status": "approved", "path": "/etc/passwd"}',
    b'{"id": "x", "status": "approved", "note": 7}',
    b'{"id": "x", "status": "approved", "note": "\xff"}',
    b'{"id": "x", "status": "approved", "note": "\\ud800"}',
    b"[" * 50_000,
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_body_of_another_shape_is_refused(browser: Browser, body: bytes) -> None:
    browser.open()
    sent = {**browser.origin, "x-review-token": browser.token, "content-type": "application/json"}
    answer = browser.client.post(f"{browser.room}decisions", content=body, headers=sent)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "hint"}


def test_a_huge_body_is_not_read(browser: Browser) -> None:
    said = decision(browser)
    answer = browser.decide({**said, "note": "x" * 70_000})
    assert (answer.status_code, is_untouched(browser)) == (413, True)
    answer = browser.decide({**said, "note": "x" * 10_001})
    assert (answer.status_code, is_untouched(browser)) == (413, True)


def test_a_huge_body_in_pieces_is_not_read(browser: Browser) -> None:
    browser.open()
    sent = {**browser.origin, "x-review-token": browser.token, "content-type": "application/json"}
    pieces = (b" " * 10_000 for _ in range(1_000))
    try:
        answer = browser.client.post(f"{browser.room}decisions", content=pieces, headers=sent)
    except httpx.WriteError:  # it hung up on us
        return
    assert answer.status_code == 413


def test_a_body_that_breaks_off_is_no_trouble_for_the_next(
    browser: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    said, port = decision(browser), port_of(browser)
    head = [f"POST {browser.room}decisions HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    head += [f"Origin: http://127.0.0.1:{port}", "Content-Type: application/json"]
    head += [f"Cookie: review={browser.served.keys.cookie}", f"X-Review-Token: {browser.token}"]
    with socket.create_connection(("127.0.0.1", port)) as raw:
        lines = "\r\n".join([*head, "Content-Length: 100", "", '{"id": "'])
        raw.sendall(lines.encode())
    assert browser.decide({**said, "status": "draft", "note": ""}).status_code == 200
    assert capfd.readouterr().err == ""


IDS = [
    *("../chargen.yaml", "..%2f..%2fchargen.yaml", "%2e%2e/%2e%2e/chargen.yaml", "/etc/passwd"),
    *("images/portrait.png", "portrait", "0000000000000000", "%00", "x" * 5_000, "a/b", ""),
    *("character/ines/throwing-a-bowl", "..%5c..%5cchargen.yaml"),
]


@pytest.mark.parametrize("picture_id", IDS, ids=range(len(IDS)))
def test_an_id_is_looked_up_and_never_a_path(browser: Browser, picture_id: str) -> None:
    browser.open()
    for path in (f"pictures/{picture_id}", f"references/{picture_id}/0"):
        answer = browser.client.get(f"{browser.room}{path}")
        assert answer.status_code in {403, 404}
        assert b"batch:" not in answer.content
        assert not answer.content.startswith(b"\x89PNG")
    said = {"id": picture_id, "status": "approved"}
    assert browser.decide(said).status_code == 404


@pytest.mark.parametrize("number", ["-1", "1", "99999999999999999999", "x", "0/0", "%30%00"])
def test_a_reference_that_is_not_listed_is_none(browser: Browser, number: str) -> None:
    picture_id = browser.ids()[BOWL]
    answer = browser.client.get(f"{browser.room}references/{picture_id}/{number}")
    assert answer.status_code == 404


def test_a_reference_outside_of_the_project_is_not_shown(own: Browser) -> None:
    (own.root.parent / "secret.png").write_bytes(story.portrait("red"))
    path = own.root / story.INES
    path.write_text(path.read_text().replace(story.PORTRAIT, "../secret.png"))
    picture_id = own.ids()[BOWL]
    answer = own.client.get(f"{own.room}references/{picture_id}/0")
    assert answer.status_code == 404


def test_a_picture_that_is_a_link_to_elsewhere_is_not_shown(own: Browser) -> None:
    (own.root.parent / "secret.png").write_bytes(story.portrait("red"))
    image = own.root / "characters/ines" / own.entry()["path"]
    image.unlink()
    image.symlink_to(own.root.parent / "secret.png")
    picture_id = own.ids()[BOWL]
    answer = own.client.get(f"{own.room}pictures/{picture_id}")
    assert answer.status_code == 404
    assert "its picture is not there" in own.client.get(own.room).text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_there_is_nothing_else_to_do(browser: Browser, method: str) -> None:
    browser.open()
    for path in ("/", browser.room, f"{browser.room}decisions"):
        answer = browser.client.request(method, path, headers=browser.origin)
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers


def test_only_loopback_is_listened_on(browser: Browser) -> None:
    assert httpx.URL(browser.served.base_url).host == "127.0.0.1"  # as the system tells of it
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        socket.create_connection(("::1", port_of(browser)))


def test_every_review_has_secrets_of_its_own() -> None:
    one, other = Keys(), Keys()
    secrets = [
        getattr(keys, name) for keys in (one, other) for name in ("link", "cookie", "token", "room")
    ]
    assert len(set(secrets)) == len(secrets)
    assert all(len(each) == 43 for each in secrets)
    assert not is_same(one.link, other.link)
