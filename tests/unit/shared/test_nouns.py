"""What is told of each noun is told of every one, or the process does not start."""

from __future__ import annotations

import pytest

from shared.nouns import for_each


def test_a_table_with_a_row_for_each_noun_is_taken() -> None:
    assert for_each(["activity", "concern"], {"concern": 1, "activity": 2})["activity"] == 2


@pytest.mark.parametrize("nouns", [["activity", "concern", "visit"], ["activity"]])
def test_a_noun_without_a_row_and_a_row_without_a_noun_stop_the_start(nouns: list[str]) -> None:
    with pytest.raises(LookupError, match=r"visit|concern"):
        for_each(nouns, {"activity": 1, "concern": 2})
