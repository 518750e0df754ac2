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


@pytest.mark.parametrize("name", ["CHARGEN_RUN", "CHARGEN_PROJECT", "CHARGEN_LIVE", "OTHER"])
def test_other_variables_are_no_settings(tmp_path: Path, name: str) -> None:
    assert _load(tmp_path, environ={name: "x"}).settings == Settings()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("stroy: x", "chargen.yaml: unknown key stroy", "did you mean story?"),
        ("batch: {max_task: 1}", "unknown key batch.max_task", "max_tasks_per_job"),
        ("batch: {zzzzz: 1}", "unknown key batch.zzzzz", "known are: backend, runs_dir"),
        ("1: x", "unknown key 1", "known are:"),
        ("batch: 5", "batch: expected a mapping of settings", ""),
        ("[a]", "chargen.yaml: expected settings, found list", ""),
        ("a: [b", "chargen.yaml:1:", ""),
        ("batch: {backend: aws}", "Invalid enum value 'aws'", "batch.backend in chargen.yaml"),
        ("exclude: [[1]]", "Expected `str`, got `array`", "look at exclude[0] in chargen.yaml"),
        ("story: ../elsewhere", "story: ../elsewhere lies outside the project", ""),
        ("story: /tmp", "lies outside the project", ""),
    ],
)
def test_mistake_in_the_file_is_named(tmp_path: Path, text: str, message: str, hint: str) -> None:
    error = _refused(tmp_path, text)
    assert message in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    "setting",
    [
        "max_tasks_per_job: 0",
        "max_job_bytes: 0",
        "max_concurrent_jobs: 0",
        "upload_concurrency: -1",
        "adopt_wait_s: -1",
        "poll_interval_s: -0.5",
        "max_cost_usd: -1",
    ],
)
def test_number_that_no_run_could_work_with_is_refused(tmp_path: Path, setting: str) -> None:
    error = _refused(tmp_path, f"batch: {{{setting}}}")
    assert error.message.startswith("the configuration is wrong: Expected ")
    assert error.hint == f"look at batch.{setting.partition(':')[0]} in chargen.yaml"


@pytest.mark.parametrize(
    ("variable", "text", "message", "hint"),
    [
        ("CHARGEN_MODEL__GENERATE", "m", "CHARGEN_MODEL__GENERATE", "CHARGEN_MODELS__GENERATE?"),
        ("CHARGEN_EXCLUDE", "[a", "CHARGEN_EXCLUDE:1:", ""),
        (
            "CHARGEN_BATCH__MAX_TASKS_PER_JOB",
            "many",
            "Expected `int`",
            "look at batch.max_tasks_per_job in CHARGEN_BATCH__MAX_TASKS_PER_JOB",
        ),
    ],
)
def test_mistake_in_a_variable_is_named(
    tmp_path: Path, variable: str, text: str, message: str, hint: str
) -> None:
    error = _refused(tmp_path, environ={variable: text})
    assert message in error.message
    assert hint in error.hint


def test_mistake_in_an_option_is_named(tmp_path: Path) -> None:
    error = _refused(tmp_path, options={"batch.backend": "aws"})
    assert error.hint == "look at batch.backend in option"


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
    with pytest.raises(ConfigError, match="is not a file that can be read"):
        config.load(tmp_path, {}, {})
