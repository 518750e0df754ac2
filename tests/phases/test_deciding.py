"""A decision is written over what its person saw, and over nothing that came in between."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch import exchange, yaml12
from chargen_batch.errors import LockedError, ResultsError
from chargen_batch.model.review import Decision, Had
from chargen_batch.phases.deciding import ChangedMeanwhileError, EndedError
from chargen_batch.phases.review import Desk
from tests.phases import story
from tests.phases.world import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.phases.world import World

DRAFT = Had(status="draft")


@pytest.fixture
def drawn(world: World) -> World:
    """Give a story whose pictures are drawn, and none decided."""
    return world.do_all("plan", *COMMANDS[:-1])


def desk(world: World) -> Desk:
    return Desk(world.project, contextlib.nullcontext, every=True)


def write(world: World, status: str) -> str:
    """Give the first entry another line of status by hand; return the file's text."""
    text = world.read(story.INES).replace('status: "draft"', status, 1)
    world.write(story.INES, text)
    return text


def say(here: Desk, **said: Any) -> None:  # noqa: ANN401 - a decision's own
    first = here.pictures()[0].id
    here.decide(Decision(id=first, **said))


def entry(world: World) -> tuple[object, object]:
    data: Any = yaml12.load(world.read(story.INES).encode(), where=story.INES)
    first = data["image_inventory"][0]
    return first.get("status"), first.get("review_note")


def test_an_older_page_does_not_erase_another_persons_note(drawn: World) -> None:
    here = desk(drawn)
    say(here, status="rejected", note="six fingers", had=DRAFT)
    with pytest.raises(ChangedMeanwhileError, match="rejected, with the note “six fingers”"):
        say(here, status="approved", had=DRAFT)
    assert entry(drawn) == ("rejected", "six fingers")
    assert here.report().approved == 0


def test_a_note_alone_leaves_what_an_editor_decided_meanwhile(drawn: World) -> None:
    here = desk(drawn)
    text = write(drawn, 'status: "approved"\n    review_note: "best of all"')
    with pytest.raises(ChangedMeanwhileError) as caught:
        say(here, note="typed in the older page", had=DRAFT)
    assert (caught.value.there.status, caught.value.there.note) == ("approved", "best of all")
    assert drawn.read(story.INES) == text


def test_only_what_the_page_changed_is_written(drawn: World) -> None:
    here = desk(drawn)
    say(here, note="kept", had=DRAFT)
    say(here, status="approved", had=Had(status="draft", note="kept"))
    assert entry(drawn) == ("approved", "kept")
    say(here, note="other", had=Had(status="approved", note="kept"))
    assert entry(drawn) == ("approved", "other")


def test_what_is_wished_and_stands_there_already_is_no_clash(drawn: World) -> None:
    here = desk(drawn)
    text = write(drawn, 'status: "approved"\n    review_note: "good"')
    say(here, status="approved", note="good", had=DRAFT)
    assert drawn.read(story.INES) == text
    assert here.report().approved == 1


@pytest.mark.parametrize("had", ["two\nlines \u2407", "two\r\nlines \x07", "twolines \u2407"])
def test_a_note_is_what_was_seen_however_a_page_shows_it(drawn: World, had: str) -> None:
    write(drawn, 'status: "draft"\n    review_note: "two\\r\\nlines \\a"')
    say(desk(drawn), status="approved", had=Had(status="draft", note=had))
    assert entry(drawn) == ("approved", "two\r\nlines \x07")


ODD = ["7", "true", "[hands, face]", "{a: b}", "\n      - hands\n      - face", "\n      a: b"]


@pytest.mark.parametrize("odd", ODD)
def test_a_note_that_is_no_text_is_never_touched(drawn: World, odd: str) -> None:
    text = write(drawn, f'status: "draft"\n    review_note: {odd}')
    here = desk(drawn)
    say(here, status="approved", note="")
    assert drawn.read(story.INES) == text.replace('"draft"', '"approved"', 1)
    with pytest.raises(ResultsError, match=r"^characters/ines/imagery\.yaml:\d+:5: image") as err:
        say(here, note="mine")
    assert "its review_note is no text, mend it by hand" in err.value.message
    assert drawn.read(story.INES) == text.replace('"draft"', '"approved"', 1)


@pytest.mark.parametrize("word", ["final", "published", "superseded", "archived", "Approved"])
def test_a_note_alone_leaves_a_status_that_the_page_does_not_know(drawn: World, word: str) -> None:
    write(drawn, f"status: {word}")
    say(desk(drawn), note="a note", had=Had(status=word.casefold()))
    assert entry(drawn) == (word, "a note")


STATUSES = [
    *("status: draft", "status: 'Draft' # mine", "status: final", "status: archived", "status: 5"),
    *("status:", "status: # why", "status: ~", "status:\n      draft", "status: dr\n      aft"),
    *("status: |\n      draft\n", "status: >-\n      final", "status: !!str final", "x: 1"),
    "status: &s final",
]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("note", ["", "a: note #1\n"])
def test_taken_back_a_decision_leaves_the_bytes_that_were_there(
    drawn: World, status: str, note: str
) -> None:
    before = write(drawn, status)
    here = desk(drawn)
    for decided in ("approved", "rejected", "approved"):
        say(here, status=decided, note=note)
        assert entry(drawn) == (decided, note or None)
        say(here, status="draft", note="")
        assert drawn.read(story.INES) == before
    assert here.report().rejected == 0


def test_a_status_that_is_an_alias_is_given_back_as_one(drawn: World) -> None:
    path = drawn.root / story.INES
    path.write_text("word: &w final\n" + drawn.read(story.INES), "utf-8")
    before = write(drawn, "status: *w # c")
    here = desk(drawn)
    say(here, status="rejected")
    assert entry(drawn)[0] == "rejected"
    say(here, status="draft")
    assert drawn.read(story.INES) == before


@pytest.mark.parametrize("note", ['review_note: ""', "review_note:", "review_note: |\n      old\n"])
def test_a_note_that_is_taken_back_leaves_the_bytes_that_were_there(
    drawn: World, note: str
) -> None:
    before = write(drawn, f'status: "draft"\n    {note}')
    here = desk(drawn)
    was = here.pictures()[0].note
    say(here, note="another")
    assert entry(drawn)[1] == "another"
    say(here, note=was)
    assert drawn.read(story.INES) == before


def test_what_somebody_else_wrote_since_is_what_is_taken_back_to(drawn: World) -> None:
    write(drawn, "status: final")
    here = desk(drawn)
    say(here, status="approved")
    drawn.write(story.INES, drawn.read(story.INES).replace("status: approved", "status: printed"))
    say(here, status="rejected", had=Had(status="printed"))
    say(here, status="draft")
    assert entry(drawn)[0] == "printed"


def test_where_the_first_text_no_longer_fits_a_draft_is_written(drawn: World) -> None:
    path = drawn.root / story.INES
    path.write_text("word: &w final\n" + drawn.read(story.INES), "utf-8")
    write(drawn, "status: *w")
    here = desk(drawn)
    say(here, status="approved")
    drawn.write(story.INES, drawn.read(story.INES).replace("&w final", "final"))
    say(here, status="draft")
    assert entry(drawn)[0] == "draft"


def test_a_key_without_a_value_is_refused_with_its_place(drawn: World) -> None:
    drawn.write(story.INES, "image_inventory: [{status, generation: {task_key: a@1}}]\n")
    with pytest.raises(ResultsError, match=r"^characters/ines/imagery\.yaml:1:20: the key has no"):
        say(desk(drawn), status="approved")


def test_nothing_is_written_once_the_review_has_ended(drawn: World) -> None:
    here, before = desk(drawn), drawn.tree()
    here.end()
    with pytest.raises(EndedError, match="the review has ended"):
        say(here, status="approved")
    assert (drawn.tree(), here.report().approved) == (before, 0)


def test_a_wait_that_the_reviews_end_cuts_short_says_so(drawn: World) -> None:
    def held() -> contextlib.AbstractContextManager[None]:
        here.end()
        raise LockedError("apply is at work here")

    here = Desk(drawn.project, held)
    with pytest.raises(EndedError):
        say(here, status="approved")


def test_what_is_being_written_is_counted_and_one_at_a_time(
    drawn: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, begun, free = exchange.replace_if_still, threading.Semaphore(0), threading.Event()
    at_once: list[str] = []

    def slowly(path: Path, old: bytes | None, new: bytes) -> bool:
        at_once.append("begun")
        begun.release()
        assert free.wait(10)
        at_once.append("ended")
        return really(path, old, new)

    monkeypatch.setattr(exchange, "replace_if_still", slowly)
    here = desk(drawn)
    ids = [each.id for each in here.pictures()]
    with _threads(here, ids[:2]):
        assert begun.acquire(timeout=10)
        threading.Timer(0.2, free.set).start()
        assert here.report().approved >= 1
    assert at_once == ["begun", "ended"] * 2
    assert here.report().approved == 2


@contextlib.contextmanager
def _threads(here: Desk, ids: list[str]) -> Iterator[None]:
    def decide(picture_id: str) -> None:
        here.decide(Decision(id=picture_id, status="approved"))

    threads = [threading.Thread(target=decide, args=(each,)) for each in ids]
    for each in threads:
        each.start()
    yield
    for each in threads:
        each.join()


def test_an_editor_that_never_ceases_to_save_is_left_alone(
    drawn: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "replace_if_still", lambda *_said: False)
    before = drawn.tree()
    with pytest.raises(ResultsError, match="somebody saves it again and again"):
        say(desk(drawn), status="approved")
    assert drawn.tree() == before
