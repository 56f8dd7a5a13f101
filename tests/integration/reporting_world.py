"""A small programme told as events, as the producers tell it."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.reporting import handlers, schemas
from services.reporting.store import ReportingStore
from shared.events import Event
from shared.ids import new_id

SECRETARIAT = {"role": "secretariat", "chapter": None}
MALI = {"role": "chapter", "chapter": "ML"}


class Told:
    """Events with the sequences their producers would give them."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}

    def _event(self, type: str, subject: str, data: Mapping[str, Any]) -> Event:
        noun = type.partition(".")[0]
        sequence = self._last[noun, subject] = self._last.get((noun, subject), 0) + 1
        return Event.new(type, "/tests", subject, sequence, {"id": subject, **data})

    def person(self, id: str, type: str = "participant.registered", **said: Any) -> Event:
        usual = {
            "chapter": "ML",
            "sex": "female",
            "birth_year": 1990,
            "groups": ["youth"],
            "disability": "without",
            "place": "ML.06.YAN.KALANA",
            "withdrawn": False,
        }
        return self._event(type, id, usual | said)

    def activity(self, id: str, type: str = "activity.recorded", **said: Any) -> Event:
        usual = {
            "chapter": "ML",
            "project_id": None,
            "type": "technical_training",
            "title": {"en": "Training"},
            "status": "held",
            "starts_on": "2021-06-01",
            "place": "ML.06.YAN.KALANA",
            "sessions": [{"id": id}],
            "withdrawn": False,
        }
        return self._event(type, id, usual | said)

    def sheet(
        self,
        session_id: str,
        activity_id: str,
        *,
        came: Sequence[str] = (),
        left: Sequence[str] = (),
        scores: Mapping[str, int] | None = None,
    ) -> Event:
        rows = [{"participant_id": each, "present": True} for each in came]
        rows += [{"participant_id": each, "present": False} for each in left]
        return self._event(
            "attendance.corrected" if left else "attendance.recorded",
            session_id,
            {
                "session_id": session_id,
                "activity_id": activity_id,
                "chapter": "ML",
                "rows": rows,
                "scores": scores or {},
            },
        )

    def concern(self, id: str, type: str = "concern.recorded", **said: Any) -> Event:
        usual = {
            "chapter": "ML",
            "place": "ML.06.YAN.KALANA",
            "category": "environment_water",
            "severity": 3,
            "status": "raised",
            "raised_on": "2021-05-20",
        }
        return self._event(type, id, usual | said)

    def project(self, id: str, **said: Any) -> Event:
        return self._event("project.recorded", id, {"chapter": "ML", "title": {"en": "P"}} | said)

    def nomination(self, id: str, type: str = "nomination.proposed", **said: Any) -> Event:
        return self._event(type, id, {"chapter": "ML", "proposer_group": "religious_leader"} | said)


def ids(count: int) -> list[str]:
    return [new_id() for _ in range(count)]


def ask(
    store: ReportingStore, caller: Mapping[str, Any] = SECRETARIAT, **asked: Any
) -> dict[str, Any]:
    """The answer to a report question."""
    return handlers.report(schemas.report_question({"caller": caller, **asked}), store)


def totals(store: ReportingStore, **asked: Any) -> dict[str, int]:
    return {name: figure["total"] for name, figure in ask(store, **asked)["figures"].items()}


def cells(store: ReportingStore, figure: str, *by: str, **asked: Any) -> dict[Any, int]:
    """The cells of one figure by their code, or by their codes where several dimensions cross."""
    found = ask(store, by=list(by), **asked)["figures"][figure]["cells"]
    return {
        cell["keys"][by[0]] if len(by) == 1 else tuple(cell["keys"].values()): cell["value"]
        for cell in found
    }
