"""What the hub keeps record of, in one table: who owns it, what can happen to it, who hears of it.
And who they are: the services.

Subscriptions, contracts, broker permissions, the record types of a push, reporting's projections,
the partners' types and the inventory of an audit are derived from this table or checked against it.
A new record type is a row here, a contract, and the code of its owner; a new step is a word in
`steps`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeVar

T = TypeVar("T")

SERVICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "participants": "Keeps people, and seals their personal data.",
        "activities": "Keeps the programme, and attendance.",
        "reporting": "Keeps the figures.",
        "notifications": "Keeps the feed, and posts it to webhooks.",
    }
)
"""The services and what each is for. Each lies in `services/<name>/`, and has a user of its name on
the broker and in the database."""

RECORDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "created": "recorded",
        "updated": "corrected",
        "withdrawn": "withdrawn",
        "reinstated": "reinstated",
    }
)


MEANINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "registered": "Stored a person for the first time.",
        "recorded": "Stored it for the first time.",
        "proposed": "Proposed a person.",
        "decided": "Decided on a proposal.",
        "corrected": "Changed what was stored.",
        "withdrawn": "Took it out of lists and figures.",
        "reinstated": "Took the withdrawal back.",
        "merged": "Made a person one with another.",
        "separated": "Took that back.",
    }
)
"""What the past words of a change log say."""


def _version_1(*services: str) -> Mapping[str, int]:
    return MappingProxyType(dict.fromkeys(services, 1))


@dataclass(frozen=True, slots=True)
class RecordType:
    """One type of record; `name` begins the types of its events (`activity.recorded`), `says` what
    it is.

    owner: the service, and its database, where it lives; `collection` holds it there.
    steps: what its owner does to it → the past word that its event says.
    heard_by: the services that consume its events → the version of its contract that they read;
        what nobody hears is never published.
    projected: the collection of reporting that holds its copy, None where it keeps none.
    for_partners: its events become items of the feed, under the same types.
    has_log: its owner answers `changes`.
    delta: its events carry what changed and not the whole state: none may be skipped.
    aspect_of: the record type of which it tells others one side, with those steps alone that change
        it and under their numbers: its sequences have gaps, and it has no versions of its own.
    """

    name: str
    says: str
    owner: str
    collection: str
    heard_by: Mapping[str, int]
    steps: Mapping[str, str] = field(default_factory=lambda: RECORDED)
    projected: str | None = None
    for_partners: bool = False
    has_log: bool = False
    delta: bool = False
    aspect_of: str | None = None

    @property
    def has_versions(self) -> bool:
        """Whether each of its steps is a version of a record, which is kept."""
        return not self.delta and self.aspect_of is None

    @property
    def types(self) -> tuple[str, ...]:
        """The types of its events, each once, in the order of the steps."""
        return tuple(f"{self.name}.{past}" for past in dict.fromkeys(self.steps.values()))

    def event(self, step: str) -> str:
        """The type of the event of a step. Raises KeyError: the record type has no such step."""
        return f"{self.name}.{self.steps[step]}"


RECORD_TYPES: Final[Mapping[str, RecordType]] = MappingProxyType(
    {
        record_type.name: record_type
        for record_type in (
            RecordType(
                "participant",
                "A person, as the register of their chapter knows them.",
                owner="participants",
                collection="people",
                heard_by=_version_1("reporting"),
                steps=MappingProxyType(
                    {
                        **RECORDED,
                        "created": "registered",
                        "merged": "merged",
                        "separated": "separated",
                    }
                ),
                projected="people",
                has_log=True,
            ),
            RecordType(
                "standing",
                "Whether a person counts, and as whom.",
                owner="participants",
                collection="standings",
                heard_by=_version_1("activities"),
                steps=MappingProxyType({"changed": "changed"}),
                aspect_of="participant",
            ),
            RecordType(
                "nomination",
                "A person proposed for an activity or a project.",
                owner="participants",
                collection="nominations",
                heard_by=_version_1("reporting"),
                steps=MappingProxyType(
                    {
                        "proposed": "proposed",
                        "selected": "decided",
                        "not_selected": "decided",
                        "withdrawn": "withdrawn",
                    }
                ),
                projected="nominations",
                has_log=True,
            ),
            RecordType(
                "activity",
                "An activity.",
                owner="activities",
                collection="activities",
                heard_by=MappingProxyType({"reporting": 2, "notifications": 2}),
                projected="activities",
                for_partners=True,
                has_log=True,
            ),
            RecordType(
                "project",
                "A project.",
                owner="activities",
                collection="projects",
                heard_by=_version_1("reporting", "notifications"),
                projected="projects",
                for_partners=True,
                has_log=True,
            ),
            RecordType(
                "organisation",
                "An organisation.",
                owner="activities",
                collection="organisations",
                heard_by=_version_1("reporting"),  # which draws nothing from it yet
                has_log=True,
            ),
            RecordType(
                "concern",
                "A concern.",
                owner="activities",
                collection="concerns",
                heard_by=_version_1("reporting", "notifications"),
                projected="concerns",
                for_partners=True,
                has_log=True,
            ),
            RecordType(
                "place",
                "A place that the gazetteer lacks.",
                owner="activities",
                collection="places",
                heard_by=_version_1("reporting"),
                projected="places",
                has_log=True,
            ),
            RecordType(
                "attendance",
                "The sheet of a session.",
                owner="activities",
                collection="sheets",
                # Partners' feed needs no scores, and so does not hear of them.
                heard_by=MappingProxyType({"reporting": 2, "notifications": 1}),
                steps=MappingProxyType({"added": "recorded", "changed": "corrected"}),
                projected="sessions",
                for_partners=True,
                has_log=True,
                delta=True,
            ),
        )
    }
)

SCORES: Final = ("pre_n", "pre_sum", "post_n", "post_sum", "paired_n", "gain_sum")
"""The sums of test scores that a sheet keeps and its events tell the differences of: how many took
the test before and after and both, their points, and the points gained by those who took both."""

PRODUCERS: Final = tuple(dict.fromkeys(each.owner for each in RECORD_TYPES.values()))
"""The services that emit events; participants first: most people are then described before they
are counted, which spares whoever replays the logs writing them twice."""

CONSUMERS: Final = tuple(
    dict.fromkeys(service for each in RECORD_TYPES.values() for service in each.heard_by)
)
"""The services that take events, and so have a parking lot."""


def for_each(record_types: Iterable[str], table: Mapping[str, T]) -> Mapping[str, T]:
    """The table, which has a row for each of the record types and for no other.

    Raises: LookupError, which names what is missing or too many: a process does not start with it.
    """
    if wrong := set(record_types) ^ set(table):
        raise LookupError(f"a row for each of these, or for none: {', '.join(sorted(wrong))}")
    return MappingProxyType(dict(table))


def record_type_of(event_type: str) -> str:
    """`activity` of `activity.recorded`."""
    return event_type.partition(".")[0]


def owned_by(service: str) -> tuple[RecordType, ...]:
    """The record types that live in the service."""
    return tuple(each for each in RECORD_TYPES.values() if each.owner == service)


def heard_by(service: str) -> tuple[RecordType, ...]:
    """The record types of whose events the service is told."""
    return tuple(each for each in RECORD_TYPES.values() if service in each.heard_by)
