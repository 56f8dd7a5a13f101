"""A small programme told as events, as the producers tell it: each event keeps its contract."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from services.reporting import schemas
from services.reporting.handlers import reports
from services.reporting.store.live import ReportingStore
from shared import contracts
from shared.events import Event
from shared.ids import new_id
from shared.nouns import SCORES

SECRETARIAT = {"role": "secretariat", "chapter": None}
MALI = {"role": "chapter", "chapter": "ML"}
NIGER = {"role": "chapter", "chapter": "NE"}

KALANA = "ML.06.YAN.KALANA"
NAMPALA = "ML.06.NAMPALA"
OTHER_NAMPALA = "ML.05.NIO.NAMPALA"
PROJECT = new_id()

_CONTRACTS = {
    type: Draft202012Validator(schema)
    for type, schema in contracts.of("activities", "participants").items()
}


class Told:
    """Events with the sequences their producers would give them."""

    def __init__(self) -> None:
        self._last: defaultdict[tuple[str, str], int] = defaultdict(int)
        self._present: defaultdict[str, int] = defaultdict(int)

    def _step(self, type: str, subject: str, data: Mapping[str, Any]) -> Event:
        noun = type.partition(".")[0]
        self._last[noun, subject] += 1
        sequence = self._last[noun, subject]
        state = {} if noun == "attendance" else {"id": subject, "version": sequence}
        event = Event.new(type, "/tests", subject, sequence, {**state, **data})
        _CONTRACTS[type].validate(event.data)
        return event

    def person(self, id: str, event: str = "participant.registered", **said: Any) -> Event:
        usual = {
            "chapter": "ML",
            "sex": "female",
            "birth_year": 1990,
            "groups": ["youth"],
            "disability": "without",
            "place": KALANA,
            "withdrawn": event == "participant.withdrawn",
        }
        return self._step(event, id, usual | said)

    def activity(self, id: str, event: str = "activity.recorded", **said: Any) -> Event:
        usual: dict[str, Any] = {
            "chapter": "ML",
            "project_id": PROJECT,
            "type": "technical_training",
            "title": {"en": "Training"},
            "status": "held",
            "starts_on": "2021-06-01",
            "place": KALANA,
            "sessions": [{"id": id}],
            "withdrawn": event == "activity.withdrawn",
        }
        state = usual | said
        session = {"on": state["starts_on"], "place": state["place"]}
        state["sessions"] = [{**session, **each} for each in state["sessions"]]
        return self._step(event, id, {"ends_on": state["starts_on"], **state})

    def sheet(
        self,
        session_id: str,
        activity_id: str,
        *,
        came: Sequence[str] = (),
        left: Sequence[str] = (),
        scores: Mapping[str, int] | None = None,
    ) -> Event:
        self._present[session_id] += len(came) - len(left)
        rows = [{"participant_id": each, "present": True} for each in came]
        rows += [{"participant_id": each, "present": False} for each in left]
        data = {
            "session_id": session_id,
            "activity_id": activity_id,
            "chapter": "ML",
            "rows": rows,
            "present_total": self._present[session_id],
            "scores": dict.fromkeys(SCORES, 0) | dict(scores or {}),
        }
        step = "corrected" if left else "recorded"
        return self._step(f"attendance.{step}", session_id, data)

    def concern(self, id: str, event: str = "concern.recorded", **said: Any) -> Event:
        usual = {
            "chapter": "ML",
            "place": KALANA,
            "category": "environment_water",
            "severity": 3,
            "status": "raised",
            "raised_on": "2021-05-20",
            "withdrawn": event == "concern.withdrawn",
        }
        return self._step(event, id, usual | said)

    def project(self, id: str, **said: Any) -> Event:
        usual = {
            "chapter": "ML",
            "title": {"en": "EMMMDA", "fr": "EMMMDA"},
            "starts_on": "2021-05-01",
            "withdrawn": False,
        }
        return self._step("project.recorded", id, usual | said)

    def nomination(self, id: str, event: str = "nomination.proposed", **said: Any) -> Event:
        usual = {
            "participant_id": new_id(),
            "activity_id": None,
            "project_id": None,
            "chapter": "ML",
            "proposer_group": "religious_leader",
            "status": "proposed",
        }
        return self._step(event, id, usual | said)


def ids(count: int) -> list[str]:
    return [new_id() for _ in range(count)]


def ask(
    store: ReportingStore, caller: Mapping[str, Any] = SECRETARIAT, **asked: Any
) -> dict[str, Any]:
    """The answer to a report question."""
    return reports.report(schemas.report_question({"caller": caller, **asked}), store)


def totals(store: ReportingStore, **asked: Any) -> dict[str, int]:
    return {name: figure["total"] for name, figure in ask(store, **asked)["figures"].items()}


def cells(store: ReportingStore, figure: str, *by: str, **asked: Any) -> dict[Any, int]:
    """The cells of one figure by their code, or by their codes where several dimensions cross."""
    found = ask(store, by=list(by), **asked)["figures"][figure]["cells"]
    return {
        cell["keys"][by[0]] if len(by) == 1 else tuple(cell["keys"].values()): cell["value"]
        for cell in found
    }


def question(name: str, store: ReportingStore, **asked: Any) -> dict[str, Any]:
    parse = schemas.coverage_question if name == "coverage" else schemas.question
    answer: dict[str, Any] = getattr(reports, name)(parse({"caller": SECRETARIAT, **asked}), store)
    return answer
