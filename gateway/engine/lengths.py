"""How many items each list of the schema can hold at most: the table behind the price of a query.

A list that pages is as long as its page, and the cells of a figure follow from the dimensions asked
for (`cells`). Every other list stands in `MAX_LENGTHS`: the gateway does not start with one that
does not.
"""

from collections.abc import Iterable, Mapping
from math import prod
from typing import Final

from shared.codes import code_list, list_names
from shared.codes.places import count_admin1
from shared.record_types import CONSUMERS
from shared.records.pairs import MAX_PAIRS
from shared.records.pushes import MAX_ITEMS, MAX_PROBLEMS

MAX_GAPS: Final = 20_000  # a hundred places, each with all groups and topics

_IDS: Final = 50  # of one field of a record, as the services bound them
_PARTS: Final = 100  # of one record: sessions, recommendations, …
_CHANGED: Final = MAX_ITEMS + 10  # the rows of a sheet, and its sums; records have fewer fields
_DECISIONS: Final = 100  # on one event, by operators' hands
_PARKED: Final = 200  # events at once


def _codes(list_name: str) -> int:
    """All codes of a list, and `unknown` or one that is older than the list."""
    return len(code_list(list_name)) + 1


_RECORDS: Final = (
    "Activity",
    "Project",
    "Organisation",
    "Concern",
    "PushedPlace",
    "Participant",
    "Nomination",
)
PAGES: Final = frozenset(
    {"edges", "nodes", "skipped"}
)  # as many as the `first` or `last` of a field above says
CELLS: Final = "Figure.cells"
MAX_LENGTHS: Final[Mapping[str, int]] = {
    **{
        f"{name}.{pairs}": MAX_PAIRS
        for name in _RECORDS
        for pairs in ("externalRefs", "identifiers")
    },
    "Activity.sessions": _PARTS,
    "Activity.ecpf": _codes("ecpf_component"),
    "Activity.architecture": _codes("architecture_tag"),
    **{
        f"Activity.{role}": _IDS
        for role in ("organisations", "funders", "accountable", "extending")
    },
    **{
        f"Project.{role}": _IDS
        for role in ("funders", "accountable", "extending", "implementing", "partners")
    },
    "Activity.places": _IDS,
    **{
        f"{name}.{listed}": most
        for name in ("Activity", "Project")
        for listed, most in (
            ("countries", _IDS),
            ("elsewhere", _PARTS),
            ("sectors", _PARTS),
            ("documents", _PARTS),
        )
    },
    "Announced.cells": _PARTS,
    "Cell.keys": 3,
    "Change.fields": _CHANGED,
    "Change.privateChanged": _IDS,
    "Change.rows": MAX_ITEMS,
    "CodeEntry.extra": 10,
    "Consent.purpose": _codes("consent_purpose"),
    "Consultation.proposerGroups": _codes("stakeholder_group"),
    "NamedActivities.activities": 50,
    "Participant.mergedIds": _IDS,
    "MergeResult.fields": _IDS,
    "MergeResult.doubled": _PARTS,
    "MergedField.says": 21,
    "CrossChapterLikeness.participantIds": 2,
    "CrossChapterLikeness.chapters": 2,
    "CrossChapterLikeness.reasons": 2,
    "DoubledNominations.nominations": _IDS + 1,
    "SeparationResult.fields": 20 * _IDS,
    "NotDuplicates.participantIds": 2,
    "NotDuplicates.participants": 2,
    "NotDuplicatesResult.pairs": 190,  # of twenty people
    "Figure.shares": 3,
    "Document.languages": _IDS,
    "Indicator.actuals": _PARTS,
    "Dialogue.recommendations": _PARTS,
    "Duplicates.reasons": 4,
    "Duplicates.participants": _IDS,
    "Media.channels": _codes("media_channel"),
    "LocalisedText.other": _codes("language"),
    "Media.languages": _IDS,
    "MediaOutputs.byChannel": _codes("media_channel"),
    "Outputs.recommendations": _codes("recommendation_status"),
    "Outputs.nominations": _codes("nomination_status"),
    "ParkedEvent.decisions": _DECISIONS,
    "ParkingResult.events": _PARKED,
    "ParkingResult.unknown": _PARKED,
    "Participant.groups": _codes("stakeholder_group"),
    "Participant.lifeChanges": 51,  # days, and what was before
    "LifeChange.named": 5,
    "LifeChange.groups": _codes("stakeholder_group"),
    "Place.aliases": _IDS,
    "Place.formerIds": 10,
    "Place.path": 3,
    "PushedPlace.aliases": _IDS,
    "Problem.ids": 3,
    "Problem.path": 6,
    "Project.places": _IDS,
    "Project.indicators": _PARTS,
    "PushResult.receipts": MAX_ITEMS,
    "Receipt.problems": MAX_PROBLEMS,
    "Session.externalRefs": MAX_PAIRS,
    "Session.topics": _codes("emmmda_topic"),
    "Training.audienceGroups": _codes("stakeholder_group"),
    "WebhookFilter.types": _IDS,
    "WebhookFilter.chapters": _codes("country"),
    "Query.codeLists": len(list_names()),
    "Query.codes": max(map(_codes, list_names())),
    "Query.coverage": max(map(_codes, ("ecpf_component", "emmmda_topic", "activity_type"))),
    "Query.gaps": MAX_GAPS,
    "Query.compare": 1_000,  # paths: a hundred sessions, each corrected in all its fields, and more
    "Query.concernSummary": _codes("concern_category") * 5 * _codes("concern_status"),
    "Query.parkedCounts": len(CONSUMERS),
}

_DIMENSIONS: Final[Mapping[str, int]] = {
    "sex": _codes("sex"),
    "age_band": _codes("age_band"),
    "group": _codes("stakeholder_group"),
    "group_any": _codes("stakeholder_group"),
    "disability": _codes("disability_status"),
    "residence": count_admin1() + 1,
}


def cells(dimensions: Iterable[str]) -> int:
    """How many cells a figure has that is parted by these, crossed; 1 for one not known."""
    return prod(_DIMENSIONS.get(each, 1) for each in dimensions)
