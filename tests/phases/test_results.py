from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from chargen_batch import yaml12
from chargen_batch.model.outcome import DeadLetter
from chargen_batch.model.state import JobCounts
from tests.phases import lines, story
from tests.phases.story import TARGETS
from tests.service.lines import PIXEL, error_line, picture_line, pictures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.phases.world import World
    from tests.service.lines import Line

GREY = base64.b64decode(PIXEL)


def applied(world: World, **answers: Callable[[str], Line | bytes | None]) -> World:
    """Go through all phases up to apply, with these answers instead of pictures."""
    world.service.results = lines.by_target(**answers)
    return world.do_all("plan", "stage", "submit", "poll", "download", "apply")


def error_of(world: World, target: str) -> tuple[str, bool]:
    error = world.outcomes[target].error
    assert error is not None
    return error.code, error.retryable


def picture_of(world: World, target: str) -> Path:
    path = world.outcomes[target].image_path
    assert path is not None
    return world.root / path


# What a line becomes: its error's code, and whether sending it again could help.
FAILURES = {
    "an internal error": (error_line, "ROW_ERROR_13", True),
    "a bad request": (lambda key: error_line(key, 3), "ROW_ERROR_3", False),
    "too many requests": (lambda key: error_line(key, 429), "ROW_ERROR_429", True),
    "a blocked prompt": (lines.blocked_line, "BLOCKED_PROHIBITED_CONTENT", False),
    "no candidate": (lambda key: lines.candidate_line(key, None), "BLOCKED_NO_CANDIDATE", False),
    "a refusal": (lambda key: lines.text_line(key, "IMAGE_SAFETY"), "IMAGE_SAFETY", False),
    "text only": (lines.text_line, "NO_IMAGE_DATA", True),
    "no response": (lambda key: {"key": key}, "NO_IMAGE_DATA", True),
    "bad base64": (lambda key: picture_line(key, "%%%"), "BAD_RESULT", True),
    "half a picture": (lambda key: picture_line(key, PIXEL[:40]), "BAD_RESULT", True),
}


@pytest.mark.parametrize(("line", "code", "retryable"), FAILURES.values(), ids=list(FAILURES))
def test_a_bad_line_is_one_dead_letter_and_the_others_go_on(
    world: World, line: Callable[[str], Line], code: str, *, retryable: bool
) -> None:
    applied(world, fire_mouth=line)
    assert error_of(world, "fire-mouth") == (code, retryable)
    assert world.codes() == {"fire-mouth": code}
    state = world.state
    assert (state.phase, state.completed_tasks, state.failed_tasks) == ("completed", 4, 1)
    assert "fire-mouth-" not in world.read(story.KILN)


@pytest.mark.parametrize("line", [picture_line, lines.snake_line])
def test_a_picture_is_one_entry_and_one_file(world: World, line: Callable[[str], Line]) -> None:
    applied(world, fire_mouth=line)
    assert world.codes() == {}
    written = picture_of(world, "fire-mouth").read_bytes()
    assert lines.without_record(written) == GREY
    assert hashlib.sha256(written).hexdigest() == world.outcomes["fire-mouth"].sha256
    key = world.outcomes["fire-mouth"].key
    assert world.read(story.KILN).count(f'task_key: "{key}"') == 1


def test_several_pictures_of_one_answer_are_all_kept(world: World) -> None:
    applied(world, fire_mouth=lines.thoughtful_line)
    outcome = world.outcomes["fire-mouth"]
    first, second = (picture.path for picture in outcome.pictures)
    assert second == first.replace(".png", "-2.png")
    assert world.read(story.KILN).count(f'task_key: "{outcome.key}"') == 2
    assert "called it image/webp" in outcome.warnings[0]


def test_every_task_has_one_outcome_whatever_the_lines_are(world: World) -> None:
    world.service.results = lines.every_kind
    world.do_all("plan", "stage", "submit", "poll", "download")
    report = world.apply()
    assert set(world.outcomes) == set(TARGETS)
    assert set(world.codes().values()) == {"ROW_ERROR_13"}
    assert (report.completed, report.failed) == (3, 2)
    told = "\n".join(report.warnings)
    words = ("does not parse", "has an unknown key", "has a key again")
    assert [told.count(word) for word in words] == [2, 2, 6]


def test_the_report_has_what_apply_warned_of_once_however_often_it_was_tried(world: World) -> None:
    world.service.results = lines.every_kind
    world.do_all("plan", "stage", "submit", "poll", "download")
    kiln = world.read(story.KILN)
    world.write(story.KILN, "zones: [")
    world.apply()
    world.write(story.KILN, kiln)
    warned = world.apply().warnings
    told = world.report().report.warnings
    assert len(warned) == 10
    assert [told.count(warning) for warning in warned] == [1] * 10


def test_a_state_keeps_the_first_hundred_warnings_and_one_of_each_file(world: World) -> None:
    torn = [b"{torn\n"] * 150
    world.service.results = lambda requests: [*torn, *pictures(requests)]
    world.do_all("plan", "stage", "submit", "poll", "download", "apply")
    *kept, more = world.state.warnings
    assert [warning.split()[0] for warning in kept[99:]] == [
        "results-0001.jsonl:100",
        "results-0002.jsonl:1",
        "results-0003.jsonl:1",
    ]
    assert more == "and 348 more of these: see log.ndjson"
    assert len(world.cleanup().kept) == 3


def test_a_task_without_a_line_is_missing_and_may_be_sent_again(world: World) -> None:
    world.service.results = lines.by_target(fire_mouth=lambda _key: None)
    world.do_all("plan", "stage", "submit")
    stored = list(world.service.jobs.values())[1]
    world.service.end(stored.job.name)
    stored.job = replace(stored.job, counts=JobCounts(total=2, succeeded=1))
    world.do_all("poll", "download", "apply")
    assert error_of(world, "fire-mouth") == ("MISSING_RESULT", True)


def test_a_task_without_a_line_is_not_sent_again_where_a_line_is_unread(world: World) -> None:
    applied(world, fire_mouth=lambda _key: b"{torn\n")
    assert error_of(world, "fire-mouth") == ("MISSING_RESULT", False)


def test_a_dead_letter_keeps_the_answer_without_image_data(world: World) -> None:
    applied(world, fire_mouth=lambda key: picture_line(key, "A" * 99 + "%"))
    (letter,) = (path.read_text() for path in world.run.failed_dir.iterdir())
    assert "AAAA" not in letter
    assert "inlineData" in letter


def snake_and_bad(key: str) -> Line:
    picture = {"inline_data": {"mime_type": "image/png", "data": "A" * 9999 + "%"}}
    thought = {"text": "hm", "thought_signature": "B" * 30_000}
    content = {"parts": [thought, picture]}
    return lines.candidate_line(key, {"content": content, "finish_reason": "STOP"})


def test_a_dead_letter_has_what_is_needed_to_understand_and_to_retry(world: World) -> None:
    applied(world, fire_mouth=snake_and_bad)
    (path,) = world.run.failed_dir.iterdir()
    letter = msgspec.json.decode(path.read_bytes(), type=DeadLetter)
    (task,) = (each for each in world.run.tasks() if each.target_id == "fire-mouth")
    assert (letter.run_id, letter.task, letter.attempts) == (world.run.run_id, task, 1)
    assert (letter.error.code, letter.error.retryable) == ("BAD_RESULT", True)
    answer = json.loads(letter.response or "")
    assert answer["key"] == task.key
    assert answer["response"]["candidates"] == [
        {
            "content": {
                "parts": [
                    {"text": "hm", "thought_signature": "..."},
                    {"inline_data": {"mime_type": "image/png", "data": "..."}},
                ]
            },
            "finish_reason": "STOP",
        }
    ]


@pytest.mark.parametrize("escape", [b"\\/", b"\\u002f", b'\\"'])
def test_image_data_with_escapes_does_not_come_into_a_dead_letter(
    world: World, escape: bytes
) -> None:
    def line(key: str) -> bytes:
        text = json.dumps(picture_line(key, "AAAA#AAAA%"))
        return text.encode().replace(b"#", escape) + b"\n"

    applied(world, fire_mouth=line)
    (letter,) = (path.read_text() for path in world.run.failed_dir.iterdir())
    assert ("AAAA" in letter, error_of(world, "fire-mouth")) == (False, ("BAD_RESULT", True))


def test_each_file_of_the_story_is_parsed_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: Counter[tuple[str, bytes]] = Counter()
    compose = yaml12.compose

    def counted(raw: bytes, *, where: str) -> yaml12.Composed:
        parsed[where, raw] += 1
        return compose(raw, where=where)

    monkeypatch.setattr(yaml12, "compose", counted)
    world.before("apply")
    parsed.clear()
    world.apply()
    files = {story.INES, story.IDEAS, story.KILN, story.CHAPTER}
    assert files <= {where for where, _ in parsed}
    # What is written is another text, and is parsed to see that it says what it should.
    assert {parsed[where, raw] for where, raw in parsed if where in files} == {1}
    assert sum(number for (where, _), number in parsed.items() if where in files) == 7
