"""Which parked events a decision is sent for."""

from __future__ import annotations

from operations.parked import ParkedEvent, leading


def test_what_goes_along_with_another_is_not_sent_twice() -> None:
    def row(
        id: str, waits_for: str | None, state: str = "parked", service: str = "s"
    ) -> ParkedEvent:
        return {"id": id, "waitsFor": waits_for, "state": state, "service": service}

    alone, other = row("4", "0"), row("2", "1", service="t")
    given_up = row("3", "1", state="discarded")  # only what is parked goes along by itself
    rows = [row("1", None), row("2", "1"), given_up, alone, other]
    assert leading(rows) == [rows[0], given_up, alone, other]
