from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import mutants
from tests.mutants import MUTANTS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mutants import Mutant


pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_piece_that_is_taken_out_is_missed(tmp_path: Path, mutant: Mutant) -> None:
    assert mutants.survived(mutant, tmp_path) == ""


def test_where_nothing_is_taken_out_no_test_fails(tmp_path: Path) -> None:
    assert mutants.unmutated(tmp_path) == ""


def test_a_mutant_whose_text_is_gone_is_an_error(tmp_path: Path) -> None:
    root = mutants.copy(tmp_path)
    MUTANTS[0].apply(root)
    with pytest.raises(LookupError, match=r"0 times"):
        MUTANTS[0].apply(root)
