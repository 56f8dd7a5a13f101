"""What is told of each record type is told of every one, or the process does not start."""

from __future__ import annotations

import pytest

from shared.record_types import for_each


def test_a_table_with_a_row_for_each_record_type_is_taken() -> None:
    assert for_each(["activity", "concern"], {"concern": 1, "activity": 2})["activity"] == 2


@pytest.mark.parametrize("record_types", [["activity", "concern", "visit"], ["activity"]])
def test_a_record_type_without_a_row_and_a_row_without_one_stop_the_start(
    record_types: list[str],
) -> None:
    with pytest.raises(LookupError, match=r"visit|concern"):
        for_each(record_types, {"activity": 1, "concern": 2})
