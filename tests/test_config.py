from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chargen_batch import config
from chargen_batch.errors import ConfigError
from chargen_batch.model.settings import PictureDefaults, Settings

if TYPE_CHECKING:
    from pathlib import Path


def _load(
    root: Path,
    text: str = "",
    environ: dict[str, str] | None = None,
    options: dict[str, object] | None = None,
) -> config.Project:
    if text:
        (root / "chargen.yaml").write_text(text, "utf-8")
    return config.load(root, environ or {}, options or {})


def _refused(
    root: Path,
    text: str = "",
    environ: dict[str, str] | None = None,
    options: dict[str, object] | None = None,
) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _load(root, text, environ, options)
    return caught.value


@pytest.mark.parametrize("text", ["", "# only a comment\n", "{}\n"])
def test_everything_has_a_default(tmp_path: Path, text: str) -> None:
    project = _load(tmp_path, text)
    assert project.settings == Settings()
    assert project.origins == {}
    assert project.runs_dir == tmp_path / ".chargen/batch"
    assert project.story_root == tmp_path


WHOLE = """
story: content
exclude: [draft-*]
models: {generate: gemini-nano-banana-2.1}
defaults:
  scene: {aspect_ratio: "21:9"}
style: {base: ink, negative: [text, blur], moods: {somber: dark}}
safety: {HARM_CATEGORY_HARASSMENT: BLOCK_NONE}
batch: {max_tasks_per_job: 7, max_cost_usd: null, backend: emulator, adopt_wait_s: 1}
prices: {m: {input: 1}}
"""


def test_settings_are_read_from_the_file(tmp_path: Path) -> None:
    found = _load(tmp_path, WHOLE).settings
    assert (found.story, found.exclude) == ("content", ("draft-*",))
    assert found.models.generate == "gemini-nano-banana-2.1"
    assert found.models.analyze == Settings().models.analyze
    assert found.defaults.scene == PictureDefaults(aspect_ratio="21:9", image_size="1K")
    assert found.style.negative == ("text", "blur")
    assert found.safety == {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"}
    assert (found.batch.max_tasks_per_job, found.batch.max_cost_usd) == (7, None)
    assert (found.batch.backend, found.batch.adopt_wait_s) == ("emulator", 1.0)
    assert found.prices == {"m": {"input": 1.0}}


def test_default_of_a_scenario_keeps_its_own_ratio(tmp_path: Path) -> None:
    found = _load(tmp_path, "defaults: {character: {aspect_ratio: '1:1'}}").settings
    assert found.defaults.character.aspect_ratio == "1:1"
    assert found.defaults.location.aspect_ratio == "4:3"


def test_size_alone_keeps_the_scenarios_ratio(tmp_path: Path) -> None:
    found = _load(tmp_path, "defaults: {scene: {image_size: 4K}}").settings
    assert found.defaults.scene == PictureDefaults(aspect_ratio="16:9", image_size="4K")


def test_variable_goes_over_the_file_and_an_option_over_both(tmp_path: Path) -> None:
    text = "batch: {max_tasks_per_job: 1, upload_concurrency: 1, max_concurrent_jobs: 1}"
    environ = {
        "CHARGEN_BATCH__UPLOAD_CONCURRENCY": "2",
        "CHARGEN_BATCH__MAX_CONCURRENT_JOBS": "2",
    }
    project = _load(tmp_path, text, environ, {"batch.max_concurrent_jobs": 3})
    batch = project.settings.batch
    found = (batch.max_tasks_per_job, batch.upload_concurrency, batch.max_concurrent_jobs)
    assert found == (1, 2, 3)
    assert project.origins == {
        "batch.max_tasks_per_job": "chargen.yaml",
        "batch.upload_concurrency": "CHARGEN_BATCH__UPLOAD_CONCURRENCY",
        "batch.max_concurrent_jobs": "option",
    }


def test_option_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert _load(tmp_path, options={"batch.backend": None}).settings == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "path", "expected"),
    [
        ("CHARGEN_MODELS__GENERATE", "m", "models.generate", "m"),
        ("CHARGEN_STORY", "content", "story", "content"),
        ("CHARGEN_EXCLUDE", "[a, b-*]", "exclude", ("a", "b-*")),
        ("CHARGEN_STYLE__MOODS", "{dark: deep}", "style.moods", {"dark": "deep"}),
        ("CHARGEN_BATCH__CLEANUP_AFTER_SUCCESS", "false", "batch.cleanup_after_success", False),
        ("CHARGEN_BATCH__MAX_COST_USD", "null", "batch.max_cost_usd", None),
        ("CHARGEN_BATCH__POLL_INTERVAL_S", "0.5", "batch.poll_interval_s", 0.5),
    ],
)
def test_variable_sets(
    tmp_path: Path, variable: str, text: str, path: str, expected: object
) -> None:
    found: Any = _load(tmp_path, environ={variable: text}).settings
    for step in path.split("."):
        found = getattr(found, step)
    assert found == expected


@pytest.mark.parametrize(
    "name", ["CHARGEN_RUN", "CHARGEN_PROJECT", "CHARGEN_EXIT_CODE", "CHARGEN_LIVE", "OTHER"]
)
def test_other_variables_are_no_settings(tmp_path: Path, name: str) -> None:
    assert _load(tmp_path, environ={name: "x"}).settings == Settings()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("stroy: x", "1:1: unknown key stroy; did you mean story?  [stroy]"),
        (
            "batch:\n  max_task: 1",
            "2:3: unknown key batch.max_task; did you mean max_tasks_per_job?  [batch.max_task]",
        ),
        (
            "safety: {}\nbatch: {zzzz: 1}",
            "2:9: unknown key batch.zzzz; known are: backend, runs_dir",
        ),
        ("1: x", "1:1: unknown key 1; known are: story, "),
        ("batch: 5", "1:8: expected a mapping of settings, found 5  [batch]"),
        ("[a]", "1:1: expected a mapping of settings, found a list"),
        ("a: [b", "1:6: did not find expected ',' or ']' (while parsing a flow sequence, line 1, "),
        (
            "batch: {backend: emulater}",
            "1:18: expected one of gemini, vertex, emulator, found 'emulater'; did you mean emu",
        ),
        ("exclude: [a, [1]]", "1:14: expected text, found a list  [exclude[1]]"),
        ("style: {base: [x]}", "1:15: expected text, found a list  [style.base]"),
        ("safety: {A: true}", "1:13: expected text, found true  [safety.A]"),
        ("story: ../elsewhere", "1:8: ../elsewhere lies outside the project  [story]"),
        ("batch: {runs_dir: /tmp}", "1:19: /tmp lies outside the project  [batch.runs_dir]"),
        ("models: {generate: null}", "1:20: expected text, found nothing  [models.generate]"),
        ("style: {moods: {1: x}}", "1:20: expected a key in quotes, found 1  [style.moods.1]"),
        (
            "style: {scenarios: {charcter: x}}",
            "1:31: unknown key charcter; did you mean character?  [style.scenarios.charcter]",
        ),
        ("prices: {m: {inputs: 1}}", "1:22: unknown key inputs; did you mean input?  [prices.m."),
        ("prices: {m: {1K: cheap}}", "1:18: expected a number, found 'cheap'  [prices.m.1K]"),
        ("exclude: " + "x" * 99, "1:10: expected a list, found 'xxxx"),
    ],
)
def test_mistake_in_the_file_is_named_with_its_place(
    tmp_path: Path, text: str, problem: str
) -> None:
    (found,) = _refused(tmp_path, text).problems
    assert str(found).startswith(f"chargen.yaml:{problem}")


def test_all_mistakes_of_all_places_are_told_at_once(tmp_path: Path) -> None:
    text = "stroy: x\nbatch: {backend: aws, max_job_bytes: 0}\nstyle: {base: [x]}\n"
    error = _refused(tmp_path, text, {"CHARGEN_MODLES__GENERATE": "m"}, {"batch.backend": "x"})
    assert error.message == "the configuration has 6 problem(s)"
    places = [(found.file, found.line, found.path) for found in error.problems]
    assert places == [
        ("CHARGEN_MODLES__GENERATE", 0, ""),
        ("chargen.yaml", 1, "stroy"),
        ("chargen.yaml", 2, "batch.backend"),
        ("chargen.yaml", 2, "batch.max_job_bytes"),
        ("chargen.yaml", 3, "style.base"),
        ("option", 0, "batch.backend"),
    ]


def test_what_holds_is_read_beside_the_mistakes(tmp_path: Path) -> None:
    (tmp_path / "chargen.yaml").write_text("stroy: x\nstyle: {base: ink}\nbatch:\n")
    project, problems = config.read(tmp_path, {}, {})
    assert (project.settings.style.base, len(problems)) == ("ink", 1)


@pytest.mark.parametrize(
    ("setting", "least"),
    [
        ("max_tasks_per_job: 0", "a whole number >= 1"),
        ("max_job_bytes: 0", "a whole number >= 1"),
        ("max_concurrent_jobs: 0", "a whole number >= 1"),
        ("upload_concurrency: -1", "a whole number >= 1"),
        ("adopt_wait_s: -1", "a number >= 0"),
        ("poll_interval_s: -0.5", "a number >= 0"),
        ("max_cost_usd: -1", "a number >= 0"),
    ],
)
def test_number_that_no_run_could_work_with_is_refused(
    tmp_path: Path, setting: str, least: str
) -> None:
    name, _, value = setting.partition(": ")
    (found,) = _refused(tmp_path, f"batch: {{{setting}}}").problems
    assert (found.message, found.path) == (f"expected {least}, found {value}", f"batch.{name}")


@pytest.mark.parametrize(
    ("variable", "text", "problem"),
    [
        ("CHARGEN_MODEL__GENERATE", "m", ": unknown variable; did you mean CHARGEN_MODELS__GENER"),
        ("CHARGEN_EXCLUDE", "[a", ":1:3: did not find expected"),
        ("CHARGEN_STORY", "..", ": .. lies outside the project  [story]"),
        (
            "CHARGEN_BATCH__MAX_TASKS_PER_JOB",
            "many",
            ": expected a whole number, found 'many'  [batch.max_tasks_per_job]",
        ),
    ],
)
def test_mistake_in_a_variable_is_named(
    tmp_path: Path, variable: str, text: str, problem: str
) -> None:
    (found,) = _refused(tmp_path, environ={variable: text}).problems
    assert str(found).startswith(f"{variable}{problem}")


def test_every_setting_says_where_it_came_from(tmp_path: Path) -> None:
    project = _load(tmp_path, "style: {base: ink}", {"CHARGEN_STORY": "s"}, {"models.analyze": "m"})
    found = {
        setting.name: (setting.value, setting.origin) for setting in config.all_settings(project)
    }
    assert found["style.base"] == ("ink", "chargen.yaml")
    assert found["story"] == ("s", "CHARGEN_STORY")
    assert found["models.analyze"] == ("m", "option")
    assert found["batch.max_concurrent_jobs"] == (100, "default")
    assert list(found)[:2] == ["story", "exclude"]


def test_project_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert "does not exist" in _refused(tmp_path / "none").message


@pytest.mark.parametrize(
    ("made", "start", "found"),
    [
        (["chargen.yaml", "a/b/"], "a/b", "."),
        (["chargen.yaml", "a/chargen.yaml", "a/b/"], "a/b", "a"),
        (["story/locations/mill/"], "story/locations/mill", "story"),
        (["chargen.yaml", "content/characters/ada/"], "content/characters/ada", "."),
        (["characters/"], ".", "."),
        (["a/b/"], "a/b", "a/b"),
    ],
)
def test_project_is_found_at_or_above(
    tmp_path: Path, made: list[str], start: str, found: str
) -> None:
    for name in made:
        path = tmp_path / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.touch()
    assert config.find_project(tmp_path / start) == tmp_path / found


def test_default_model_is_in_the_table_with_its_prices() -> None:
    facts = config.model_facts(Settings(), Settings().models.generate)
    assert {"3:4", "16:9"} <= set(facts.ratios)
    assert facts.image_prices["1K"] > 0
    assert facts.input_price_per_mtok is not None


def test_unknown_model_offers_the_usual_and_has_no_price() -> None:
    facts = config.model_facts(Settings(), "gemini-9-image")
    assert ("16:9" in facts.ratios, facts.sizes) == (True, ("1K", "2K", "4K"))
    assert (facts.image_prices, facts.input_price_per_mtok) == ({}, None)


def test_prices_of_the_project_go_over_the_table() -> None:
    model = Settings().models.generate
    settings = Settings(prices={model: {"1K": 0.5, "output": 9.0}})
    facts = config.model_facts(settings, model)
    table = config.model_facts(Settings(), model)
    assert facts.image_prices == {**table.image_prices, "1K": 0.5}
    assert facts.input_price_per_mtok == table.input_price_per_mtok
    assert facts.output_price_per_mtok == 9.0


@pytest.mark.parametrize("text", ['story: "a\\0b"', 'batch: {runs_dir: "a\\0b"}'])
def test_path_that_no_file_can_have_is_refused(tmp_path: Path, text: str) -> None:
    assert _refused(tmp_path, text).exit_code == 6


def test_file_that_cannot_be_read_is_no_missing_file(tmp_path: Path) -> None:
    (tmp_path / config.CONFIG_NAME).symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError) as caught:
        config.load(tmp_path, {}, {})
    message = "chargen.yaml: is there, and is not a file that can be read"
    assert [str(found) for found in caught.value.problems] == [message]


def test_file_that_may_not_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / config.CONFIG_NAME).write_bytes(b"\xff")
    (found,) = config.read(tmp_path, {}, {})[1]
    assert str(found) == "chargen.yaml:1:1: byte 0xff is not UTF-8"
