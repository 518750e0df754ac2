from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chargen_batch.emulator.faults import faults_of
from chargen_batch.errors import ConfigError, NetworkError, ServiceError
from chargen_batch.model.settings import VertexSettings
from chargen_batch.service import vertex
from chargen_batch.service.retry import Retrying
from chargen_batch.service.vertex_session import open_session, open_tokens, rights
from tests.accounts import account_file
from tests.service.calls import all_told
from tests.service.conformance import MODEL, NAME, request_file, upload
from tests.storage import BUCKET

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chargen_batch.emulator.server import Emulator
    from chargen_batch.service.vertex_service import VertexService
    from tests.storage import Storage

SETTINGS = VertexSettings(project="a-project", bucket=BUCKET)


@pytest.fixture
def login(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = account_file(tmp_path, emulator.base_url)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


def as_account(
    name: str, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> VertexService:
    path = account_file(tmp_path, emulator.base_url, name=name)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    return vertex.connect(SETTINGS, base_url=emulator.base_url, timeout_s=5.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"project": None}, "vertex.project, which is missing"),
        ({"bucket": None}, "vertex.bucket, which is missing"),
        ({"bucket": "gs://stories"}, "vertex.bucket, which cannot be 'gs://stories'"),
        ({"bucket": "a..b"}, "vertex.bucket, which cannot be 'a..b'"),
        ({"bucket": "192.168.0.1"}, "vertex.bucket, which cannot be '192.168.0.1'"),
        ({"bucket": "b" * 64}, "vertex.bucket, which cannot be"),
        ({"prefix": "p" * 301}, "vertex.prefix, which cannot be"),
        ({"location": "evil.example/"}, "vertex.location, which cannot be 'evil.example'"),
        ({"prefix": "../x"}, "vertex.prefix, which cannot be"),
        ({"prefix": ""}, "vertex.prefix, which is missing"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(change: dict[str, str], said: str) -> None:
    settings = VertexSettings(**{"project": "a-project", "bucket": BUCKET, **change})

    with pytest.raises(ConfigError, match=said) as error:
        vertex.connect(settings, base_url=None)
    assert "under vertex: in chargen.yaml" in error.value.hint


@pytest.mark.usefixtures("login")
@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("us-central1", "https://us-central1-aiplatform.googleapis.com"),
        ("global", "https://aiplatform.googleapis.com"),
        ("eu", "https://aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_a_run_is_pinned_to_the_host_and_the_place_of_its_objects(location: str, url: str) -> None:
    settings = VertexSettings(project="a-project", location=location, bucket=BUCKET, prefix="a/b/")

    with vertex.connect(settings, base_url=None) as service:
        assert service.address.backend == "vertex"
        assert service.address.base_url == url
        assert service.address.key == f"a-project/{location}/{BUCKET}/a/b"


@pytest.mark.usefixtures("login")
def test_plain_http_goes_to_this_machine_only() -> None:
    with pytest.raises(ConfigError, match=r"GOOGLE_VERTEX_BASE_URL.*access token"):
        vertex.connect(SETTINGS, base_url="http://service.test")


def test_without_credentials_it_says_how_to_log_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "key.json"
    broken.write_text("{}")
    for path in (tmp_path / "none.json", broken):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
        with pytest.raises(ConfigError) as error:
            vertex.connect(SETTINGS, base_url=None)
        assert "gcloud auth application-default login" in error.value.hint


def test_an_account_that_is_gone_is_401_and_not_tried_again(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = as_account("gone", emulator, tmp_path, monkeypatch)
    with service, pytest.raises(ServiceError, match="credentials are not accepted") as error:
        list(service.list_jobs())
    assert (error.value.http_status, error.value.google) == (401, True)
    assert "GOOGLE_APPLICATION_CREDENTIALS" in error.value.hint


@pytest.mark.parametrize(
    ("name", "status", "hint"),
    [("wrong", 401, "gcloud auth application-default login"), ("foreign", 403, "aiplatform.user")],
)
def test_a_token_that_is_refused_says_what_is_needed(
    emulator: Emulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    name: str,
    status: int,
    hint: str,
) -> None:
    service = as_account(name, emulator, tmp_path, monkeypatch)
    with service, pytest.raises(ServiceError) as error:
        service.get_model("gemini-3-pro-image")
    assert error.value.http_status == status
    assert hint in error.value.hint


def test_a_login_that_is_not_answered_is_a_network_error(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = account_file(tmp_path, "http://127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))

    service = vertex.connect(SETTINGS, base_url=emulator.base_url)
    with service, pytest.raises(NetworkError, match="no access token came"):
        service.get_model("gemini-3-pro-image")


@pytest.mark.parametrize(
    "kind",
    [
        *("drop_before", "drop_after", "truncate", "truncate_chunked", "truncate_close"),
        *("status:429", "status:503", "html:502", "html:200", "empty:200"),
    ],
)
def test_a_login_that_goes_wrong_on_the_way_is_tried_again(
    on_vertex: VertexService, emulator: Emulator, kind: str
) -> None:
    emulator.faults.add("token", *faults_of(f"{kind}*2"))

    assert Retrying(on_vertex).get_model("gemini-3-pro-image").can_batch
    assert emulator.faults.pending() == {}


def test_a_login_that_goes_on_going_wrong_says_what_came_instead(
    on_vertex: VertexService, emulator: Emulator
) -> None:
    emulator.faults.add("token", *faults_of("html:502*5"))

    with pytest.raises(NetworkError, match=r"login .* no access token came \(502 was the answer\)"):
        Retrying(on_vertex).get_model("gemini-3-pro-image")
    assert emulator.faults.pending() == {}
    assert Retrying(on_vertex).get_model("gemini-3-pro-image").can_batch


def test_a_login_that_is_refused_is_not_tried_again(
    on_vertex: VertexService, emulator: Emulator
) -> None:
    emulator.faults.add("token", *faults_of("status:401"))

    with pytest.raises(ServiceError, match="credentials are not accepted"):
        Retrying(on_vertex).get_model("gemini-3-pro-image")
    assert emulator.faults.pending() == {}


def test_a_job_whose_login_went_wrong_was_not_asked_for(
    on_vertex: VertexService, emulator: Emulator
) -> None:
    file = upload(on_vertex, request_file("a"))
    emulator.faults.add("token", *faults_of("drop_before"))

    with pytest.raises(NetworkError, match="no access token came"):
        on_vertex.create_job(model=MODEL, request_file=file.name, display_name=NAME)
    assert list(on_vertex.list_jobs()) == []


def test_a_token_is_fetched_once_for_many_calls(on_vertex: VertexService) -> None:
    tokens = {id(on_vertex._account.credentials.token)}  # noqa: SLF001 - it is another when renewed
    for _ in range(3):
        on_vertex.get_model("gemini-3-pro-image")
        tokens.add(id(on_vertex._account.credentials.token))  # noqa: SLF001 - the same

    assert len(tokens) == 2  # none before the first call, and one from then on


def test_no_error_shows_the_token(on_vertex: VertexService, emulator: Emulator) -> None:
    token = _token(on_vertex)
    emulator.faults.add("models.get", *faults_of("status:500"))

    with pytest.raises(ServiceError) as error:
        on_vertex.get_model("gemini-3-pro-image")
    assert token not in all_told(error.value)


def test_an_api_key_of_the_environment_is_not_used(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "AIzaSomebodysKey")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "another-project")

    with as_account("drawer", emulator, tmp_path, monkeypatch) as service:
        assert service.get_model("gemini-3-pro-image").can_batch
        assert list(service.list_jobs()) == []


def _token(service: VertexService) -> str:
    service.get_model("gemini-3-pro-image")
    return str(service._account.credentials.token)  # noqa: SLF001 - the secret that is looked for


def test_the_emulator_of_cloud_storage_is_asked_with_nobodys_rights(
    on_vertex: VertexService, bucket: Storage
) -> None:
    list(on_vertex.list_files())

    (listed,) = bucket.asked("objects.list")
    assert "authorization" not in listed.headers


def test_proxies_count_but_not_on_the_way_to_this_machine(on_vertex: VertexService) -> None:
    credentials = rights(on_vertex._account.credentials, os.environ)  # noqa: SLF001 - any will do

    def counts(environ: Mapping[str, str]) -> set[bool]:
        tokens = open_tokens(environ)
        session = open_session(credentials, environ, tokens)
        return {session.trust_env, tokens.session.trust_env}

    assert counts(os.environ) == {False}
    assert counts({"STORAGE_EMULATOR_HOST": "http://storage.test"}) == {True}
    assert counts({}) == {True}
