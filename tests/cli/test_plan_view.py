"""What plan says of its targets and of the money."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.phases import story

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shell


CHEAPEST = "--model gemini-3.1-flash-lite-image"


def dry(shell: Shell, options: str = "") -> list[str]:
    return shell(f"plan --dry-run --no-color {options}").out.splitlines()


def test_the_table_has_a_line_for_each_target(shell: Shell) -> None:
    head, *lines = dry(shell)
    columns = ["entity", "target", "state", "prompt", "references", "output", "cost", "reason"]
    assert head.split() == columns
    row = next(line for line in lines if "door-opens" in line)
    assert row.split()[:3] == ["chapter/first-firing", "door-opens", "new"]
    assert "Ines and Tomas open the kiln door." in row
    assert "ines, tomas" in row
    assert row.endswith("$0.068  it has no picture")


def test_a_dry_run_touches_nothing(shell: Shell) -> None:
    before = {path: path.stat().st_mtime_ns for path in shell.root.rglob("*")}
    assert shell("plan --dry-run").code == 0
    assert {path: path.stat().st_mtime_ns for path in shell.root.rglob("*")} == before


def test_batch_is_told_against_one_by_one(shell: Shell) -> None:
    (line,) = [line for line in dry(shell) if "to draw" in line]
    assert line == "5 to draw, about $0.338 by batch (about $0.676 one by one)"


def test_cheaper_models_are_told_with_their_sizes(shell: Shell) -> None:
    lines = [line for line in dry(shell) if line.startswith("the same for")]
    assert [line.partition(" with ")[2] for line in lines] == [
        "--model gemini-3.1-flash-lite-image (1K)",
        "--model gemini-nano-banana-2.1 (1K)",
    ]
    assert not any("the same for" in line for line in dry(shell, CHEAPEST))


def test_costs_stand_in_the_document(shell: Shell) -> None:
    document = shell("plan --dry-run --json").document
    assert document["cost"]["interactiveUsd"] == pytest.approx(
        2 * document["cost"]["batchUsd"], rel=1e-3
    )
    assert document["cheaper"][0]["sizes"] == ["1K"]
    total = sum(target["costUsd"] for target in document["targets"])
    assert document["cost"]["batchUsd"] == pytest.approx(total, abs=1e-3)


def test_a_model_without_a_price_says_so(shell: Shell) -> None:
    text = "batch: {max_cost_usd: null}\n"
    (shell.root / "chargen.yaml").write_text(text)
    typed = shell("plan --model gemini-9-image")
    assert typed.code == 0
    assert "warning: gemini-9-image at 1K has no known price" in typed.err
    assert "5 to draw, price unknown by batch" in typed.out


def test_prices_of_the_project_go_over_the_table(shell: Shell) -> None:
    (shell.root / "chargen.yaml").write_text("prices: {m: {1K: 2.0, input: 0}}\n")
    document = shell("plan --model m --json").document
    assert (document["cost"]["batchUsd"], document["warnings"]) == (5.0, [])


def test_what_is_unfinished_counts_in(shell: Shell) -> None:
    run_id = shell.emulated("plan --only ines --quiet").out.strip()
    refused = shell("plan --backend emulator --scope locations --max-cost 0.2")
    assert refused.code == 6
    assert f"with 0.14 of what is unfinished ({run_id}), more than 0.20" in refused.err
    assert shell("plan --backend emulator --scope locations --max-cost 0.3").code == 0


def test_what_is_planned_again_counts_once(shell: Shell) -> None:
    shell.emulated("plan")
    assert shell("plan --backend emulator --max-cost 0.4").code == 0


def test_a_rehearsal_counts_for_nothing_beside_the_real_thing(shell: Shell) -> None:
    shell.emulated("plan --only ines")
    assert shell("plan --scope locations --max-cost 0.2").code == 0


def test_image_type_is_a_filter(shell: Shell) -> None:
    text = (shell.root / story.KILN).read_text()
    (shell.root / story.KILN).write_text(
        text.replace("- slug: fire-mouth", "- slug: fire-mouth\n    image_type: detail")
    )
    document = shell("plan --dry-run --json --image-type DETAIL").document
    assert [target["targetId"] for target in document["targets"]] == ["fire-mouth"]


@pytest.fixture
def redrawn(shell: Shell, applying: Path) -> Shell:
    """Give a story whose picture was drawn from other words."""
    shell.begin_from(applying)
    assert shell("apply --yes --backend emulator").code == 0
    text = (shell.root / story.KILN).read_text()
    (shell.root / story.KILN).write_text(text.replace("White smoke", "Black smoke", 1))
    return shell


def test_what_differs_is_said_in_the_table_and_in_the_document(redrawn: Shell) -> None:
    row = next(line for line in dry(redrawn, "--backend emulator") if "first-smoke" in line)
    assert "(changed: prompt)" in row
    targets = redrawn("plan --dry-run --json --backend emulator").document["targets"]
    (changed,) = [target for target in targets if target["state"] == "changed"]
    assert (changed["differs"], changed["planned"]) == (["prompt"], False)
    assert "promptDiff" not in changed


def test_diff_shows_the_words_that_changed(redrawn: Shell) -> None:
    typed = redrawn("plan --dry-run --diff --backend emulator")
    assert "location/old-kiln/first-smoke" in typed.out.splitlines()
    assert "[-White-]{+Black+}" in typed.out
    targets = redrawn("plan --dry-run --diff --json --backend emulator").document["targets"]
    assert [bool(target["promptDiff"]) for target in targets].count(True) == 1


def test_changed_plans_it(redrawn: Shell) -> None:
    assert redrawn("plan --check --backend emulator").code == 0
    assert redrawn("plan --check --changed --backend emulator").code == 10


def test_what_analyses_cost_is_told_by_their_own_model(shell: Shell) -> None:
    (shell.root / "characters/ines/images/at-the-wheel.png").write_bytes(story.portrait("navy"))
    lines = dry(shell, "--mode analyze")
    (line,) = [line for line in lines if "to analyse" in line]
    assert re.fullmatch(
        r"1 to analyse, about \$0.00\d by batch \(about \$0.01\d one by one\)", line
    )
    assert any(
        line.startswith("the same for about $0.001 with --model gemini-3.1") for line in lines
    )
    shown = shell("show --mode analyze at-the-wheel.png").out
    assert "\nprompt\n" in shown
    assert "\nsections\n" not in shown


def test_what_is_done_is_counted_and_the_rest_is_listed(redrawn: Shell) -> None:
    text = (redrawn.root / story.KILN).read_text()
    (redrawn.root / story.KILN).write_text(f"{text}  - {{slug: chimney, description: Its top.}}\n")
    _, *lines = dry(redrawn, "--backend emulator")
    (at,) = [number for number, line in enumerate(lines) if line.endswith("--all lists them")]
    assert [line.split()[1] for line in lines[:at]] == ["chimney", "first-smoke"]
    assert lines[at] == "4 done: --all lists them"


def test_all_lists_what_is_done_in_the_storys_order(redrawn: Shell) -> None:
    lines = dry(redrawn, "--backend emulator --all")
    assert [line.split()[1] for line in lines[1:6]] == [
        *("throwing-a-bowl", "carrying-wood", "fire-mouth", "first-smoke", "door-opens"),
    ]
    assert not any("lists" in line for line in lines)


def test_a_story_that_is_drawn_has_no_table(redrawn: Shell) -> None:
    lines = dry(redrawn, "--backend emulator --only ines")
    assert lines == ["2 done: --all lists them", "2 target(s): 2 done", "nothing to do"]


def test_what_is_done_is_listed_with_the_picture_that_is_there(redrawn: Shell) -> None:
    (row,) = [line for line in dry(redrawn, "--backend emulator --all") if "fire-mouth" in line]
    (picture,) = (redrawn.root / "locations/old-kiln/images").glob("fire-mouth-*")
    assert f" {picture.name} " in row
    targets = redrawn("plan --dry-run --json --backend emulator").document["targets"]
    assert picture.relative_to(redrawn.root).as_posix() in [one["output"] for one in targets]
