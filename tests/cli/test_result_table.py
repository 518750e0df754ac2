"""The table of result lines, row by row, as the commands meet it at the emulator, in both modes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from chargen_batch.cli.main import main
from chargen_batch.core import provenance
from chargen_batch.emulator.jobs import Pace
from chargen_batch.emulator.outcomes import Behaviour
from chargen_batch.emulator.server import serve
from chargen_batch.model.outcome import DeadLetter, TaskResult
from chargen_batch.model.provenance import PictureRecord
from tests.phases import story

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS: Final = "batch: {max_tasks_per_job: 4, max_cost_usd: 1000, upload_concurrency: 1}\n"
PEOPLE: Final = ("abel", "ines")
WAIT: Final = "poll --wait --interval 0.05"


@dataclass(frozen=True, slots=True)
class Row:
    """What the service answers, and what it comes to.

    ``code`` is the error's, empty for a success; ``says`` stands in the error's message or in a
    warning; ``answered`` says whether the dead letter has the service's own words.
    """

    kind: str
    code: str = ""
    retryable: bool = False
    says: str = ""
    answered: bool = True
    pictures: int = 1


def missing(kind: str, *, retryable: bool) -> Row:
    return Row(kind, "MISSING_RESULT", retryable, "has no line for this task", answered=False)


# The first four are one job: where a line is nobody's, no task without one is safe to send again.
UNREAD: Final = {
    "torn": missing("torn", retryable=False),
    "foreign": missing("foreign", retryable=False),
    "keyless": missing("keyless", retryable=False),
    "missing-beside-them": missing("missing", retryable=False),
}
COMMON: Final = {
    **UNREAD,
    "missing": missing("missing", retryable=True),
    "blocked": Row("blocked", "BLOCKED_PROHIBITED_CONTENT"),
    "blocked-for-safety": Row("blocked:SAFETY", "BLOCKED_SAFETY"),
    "no-candidate": Row("no_candidate", "BLOCKED_NO_CANDIDATE"),
    "invalid": Row("row_error:3", "ROW_ERROR_3"),
    "deadline": Row("row_error:4", "ROW_ERROR_4", retryable=True),
    "exhausted": Row("row_error:8", "ROW_ERROR_8", retryable=True),
    "aborted": Row("row_error:10", "ROW_ERROR_10", retryable=True),
    "internal": Row("row_error:13", "ROW_ERROR_13", retryable=True),
    "unavailable": Row("row_error:14", "ROW_ERROR_14", retryable=True),
    "forbidden": Row("row_error:403", "ROW_ERROR_403"),
    "too-many": Row("row_error:429", "ROW_ERROR_429", retryable=True),
    "bad-gateway": Row("row_error:502", "ROW_ERROR_502", retryable=True),
    "by-a-word": Row("row_error:UNAVAILABLE", "ROW_ERROR_UNAVAILABLE", retryable=True),
    "status": Row("status:13", "ROW_ERROR_13", retryable=True),
    "status-by-a-word": Row("status:INVALID_ARGUMENT", "ROW_ERROR_INVALID_ARGUMENT"),
    "status-of-words": Row("status", "ROW_ERROR_400", says="Bad Request: {}"),
    "refused": Row("safety", "IMAGE_SAFETY", says="Unable to show"),
    "recitation": Row("safety:IMAGE_RECITATION", "IMAGE_RECITATION"),
    "prohibited": Row("safety:IMAGE_PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT"),
    "drawn": Row("success"),
    "signed": Row("signature"),
    "snake": Row("snake"),
    "escaped": Row("escaped"),
    "twice": Row("duplicate"),
    "late": Row("late"),
}


def no_image(kind: str, says: str = "") -> Row:
    return Row(kind, "NO_IMAGE_DATA", retryable=True, says=says)


def bad_analysis(kind: str, says: str) -> Row:
    return Row(kind, "BAD_ANALYSIS", retryable=True, says=says)


def bad_result(kind: str, says: str) -> Row:
    return Row(kind, "BAD_RESULT", retryable=True, says=says)


GENERATE: Final = {
    **COMMON,
    "text-only": no_image("text_only", "STOP: I cannot draw this"),
    "no-response": no_image("no_response", "the line has no response"),
    "no-image": no_image("safety:NO_IMAGE", "NO_IMAGE: Unable to show"),
    "image-other": no_image("safety:IMAGE_OTHER"),
    "cut-off": no_image("safety:MAX_TOKENS", "MAX_TOKENS"),
    "bad-base64": bad_result("bad_data", "the picture's base64 does not hold"),
    "broken": bad_result("broken_picture", "ends in the middle"),
    "undecodable": bad_result("undecodable", "the picture does not decode"),
    "mislabelled": Row("wrong_mime", says="called it image/jpeg, its bytes are image/png"),
    "small": Row("wrong_size", says="asked for 1K (as many as 1024 x 1024), the picture has 8 x 8"),
    "two": Row("several", says="asked for 1K", pictures=2),
    "draft": Row("draft"),
}
ANALYZE: Final = {
    **COMMON,
    "no-json": bad_analysis("text_only", "not JSON"),
    "no-response": bad_analysis("no_response", "the line has no response"),
    "truncated": bad_analysis("truncated", "not JSON: Input data was truncated"),
    "cut-off": bad_analysis("truncated:MAX_TOKENS", "MAX_TOKENS: the answer was cut off"),
    "other-json": bad_analysis("wrong_json", "not by the schema"),
    "empty": bad_analysis("safety:OTHER", "OTHER: the answer has no text"),
    "split": Row("split"),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has come to its end."""

    root: Path
    run: Path
    outcomes: dict[str, TaskResult]
    letters: dict[str, DeadLetter]
    lines: dict[str, int]

    @property
    def warnings(self) -> str:
        """Return what apply warned of."""
        return "\n".join(json.loads((self.run / "state.json").read_bytes())["warnings"])


def of(name: str) -> str:
    """Return whose picture a row is about: the lines that nobody knows are all of the first."""
    return PEOPLE[name not in UNREAD]


def target_of(key: str) -> str:
    """Return the target in a key, without the ending of a picture that is analysed."""
    return key.rpartition("@")[0].rpartition("/")[2].removesuffix(".png")


def ended(root: Path, plan: str, rows: dict[str, Row]) -> Ended:
    """Type all commands at an emulator that answers each target as its row has it."""
    (root / "chargen.yaml").write_text(SETTINGS)
    kinds = {f"*/{name}@*": row.kind for name, row in rows.items()}
    kinds |= {f"*/{name}.png@*": row.kind for name, row in rows.items()}
    with pytest.MonkeyPatch.context() as patch, serve(root.parent / "emulator") as emulator:
        emulator.world.pace = Pace(looks_to_finish=1)
        emulator.world.behaviour = Behaviour(outcomes=kinds)
        patch.setenv("GOOGLE_GEMINI_BASE_URL", emulator.base_url)
        patch.setenv("GEMINI_API_KEY", "any")
        for command in (plan, "stage", "submit", WAIT, "download", "apply --verify full"):
            name, *more = command.split()
            assert main([name, "--project", str(root), "--quiet", *more]) in {0, 4}
    (run,) = root.glob(".chargen/batch/2*")
    told = [
        msgspec.json.decode(line, type=TaskResult)
        for line in (run / "outcomes.jsonl").read_bytes().splitlines()
    ]
    settled = [outcome for outcome in told if outcome.stage == "settled"]
    letters = [
        msgspec.json.decode(path.read_bytes(), type=DeadLetter)
        for path in run.glob("failed/*.json")
    ]
    return Ended(
        root,
        run,
        {target_of(outcome.key): outcome for outcome in settled},
        {target_of(letter.task.key): letter for letter in letters},
        {name: sum(target_of(outcome.key) == name for outcome in settled) for name in rows},
    )


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Give a run in which each row was the answer to a picture that was asked for."""
    root = tmp_path_factory.mktemp("drawn") / "story"
    for slug in PEOPLE:
        (root / "characters" / slug).mkdir(parents=True)
        scenes = [{"title": name, "scene": "A lamp."} for name in GENERATE if of(name) == slug]
        ideas = {"character": {"name": slug.title()}, "scenes": scenes}
        (root / "characters" / slug / "image-ideas.yaml").write_text(json.dumps(ideas))
    return ended(root, "plan", GENERATE)


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Give a run in which each row was the answer to a picture that was shown."""
    root = tmp_path_factory.mktemp("analysed") / "story"
    for number, name in enumerate(ANALYZE):
        picture = root / "characters" / of(name) / "images" / f"{name}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(story.portrait(f"#{number:06x}"))
    return ended(root, "plan --mode analyze", ANALYZE)


def check(run: Ended, name: str, row: Row) -> None:
    """Check how one task ended: one outcome, and a dead letter where it failed."""
    assert run.lines[name] == 1
    outcome, letter = run.outcomes[name], run.letters.get(name)
    if not row.code:
        assert (outcome.status, outcome.error, letter) == ("success", None, None)
        assert row.says in "\n".join(outcome.warnings)
        return
    assert outcome.error
    assert letter
    assert (outcome.error.code, outcome.error.retryable) == (row.code, row.retryable)
    assert row.says in outcome.error.message
    assert (letter.error, letter.task.key, letter.attempts) == (outcome.error, outcome.key, 1)
    assert (letter.response is not None) == row.answered
    assert re.search("[A-Za-z0-9+/]{400}", letter.response or "") is None


@pytest.mark.parametrize(("name", "row"), GENERATE.items(), ids=list(GENERATE))
def test_a_row_about_a_picture_ends_as_the_table_says(drawn: Ended, name: str, row: Row) -> None:
    check(drawn, name, row)
    if not row.code:
        assert len(drawn.outcomes[name].pictures) == row.pictures


@pytest.mark.parametrize(("name", "row"), ANALYZE.items(), ids=list(ANALYZE))
def test_a_row_about_an_analysis_ends_as_the_table_says(
    analysed: Ended, name: str, row: Row
) -> None:
    check(analysed, name, row)
    sidecar = analysed.root / f"characters/{of(name)}/images/{name}.png.analysis.json"
    assert sidecar.exists() == (not row.code)


@pytest.fixture(params=["drawn", "analysed"])
def either(request: pytest.FixtureRequest) -> Ended:
    """Give both runs."""
    run: Ended = request.getfixturevalue(request.param)
    return run


def test_every_task_has_one_outcome_and_each_failure_one_letter(either: Ended) -> None:
    assert set(either.lines.values()) == {1}
    failed = {name for name, end in either.outcomes.items() if end.error}
    assert set(either.letters) == failed


def test_lines_that_are_nobodys_and_keys_that_come_again_are_told_of(either: Ended) -> None:
    told = either.warnings
    words = ("does not parse", "has an unknown key: character/", "has an unknown key: None")
    assert [told.count(word) for word in words] == [1, 1, 1]
    again = re.findall(r"has a key again: character/ines/([a-z]+)", told)
    assert sorted(again) == ["late", "twice"]


def test_each_picture_is_whole_and_says_where_it_came_from(drawn: Ended) -> None:
    lines = (drawn.run / "tasks.jsonl").read_bytes().splitlines()
    tasks = {task["key"]: task for task in map(json.loads, lines)}
    found = [(end, picture) for end in drawn.outcomes.values() for picture in end.pictures]
    for end, picture in found:
        data = (drawn.root / picture.path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == picture.sha256
        assert provenance.read(data) == PictureRecord(
            task_key=end.key,
            model=tasks[end.key]["model"],
            run_id=drawn.run.name,
            provider="google",
            prompt_sha256=hashlib.sha256(tasks[end.key]["prompt"].encode()).hexdigest(),
        )
    assert len(found) == sum(row.pictures for row in GENERATE.values() if not row.code)
