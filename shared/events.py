"""The envelope of every event: CloudEvents 1.0, structured JSON (cloudevents.io, spec 1.0.2).

Inside the house a type is short (`activity.recorded`), with the version of its contract beside it;
on the wire both are one: `org.foscao.activity.recorded.v1`. The extension `sequence` counts the
steps of the subject: 1, 2, 3 …
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from shared.caller import Caller
from shared.days import parse_timestamp
from shared.ids import canonical, new_id

PREFIX: Final = "org.foscao."
_WIRE_TYPE: Final = re.compile(r"org\.foscao\.(?P<type>[a-z_.]+)\.v(?P<version>[1-9][0-9]?)")
CONTENT_TYPE = "application/cloudevents+json"
BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"


def wire_type(event_type: str, version: int) -> str:
    """`org.foscao.activity.recorded.v1`: the type of the event for others, and its routing key."""
    return f"{PREFIX}{event_type}.v{version}"


def contract_id(event_type: str, version: int) -> str:
    """The `$id` of the contract's schema, which events name as their `dataschema`."""
    return f"urn:foscao:contract:{event_type}:{version}"


class Undecodable(ValueError):
    """Bytes or a document that is no event of ours; a retry does not help."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one aggregate (`subject`), frozen when it was emitted.

    schema_version: of the contract that `data` keeps to. actor: the key that caused it, for the
        change log; it does not go on the wire.
    """

    id: str
    type: str
    source: str
    subject: str
    sequence: int
    time: datetime
    data: dict[str, Any]
    correlationid: str = ""
    causationid: str = ""
    traceparent: str | None = None
    schema_version: int = 1
    actor: str = ""

    @classmethod
    def new(
        cls,
        type: str,
        source: str,
        subject: str,
        sequence: int,
        data: dict[str, Any],
        *,
        caller: Caller | None = None,
        cause: Event | None = None,
    ) -> Event:
        """An event of now, caused by a caller's command or by another event."""
        return cls(
            id=new_id(),
            type=type,
            source=source,
            subject=subject,
            sequence=sequence,
            time=datetime.now(UTC),
            data=data,
            correlationid=(
                caller.correlation_id if caller else cause.correlationid if cause else ""
            ),
            causationid=cause.id if cause else "",
            traceparent=caller.traceparent if caller else cause.traceparent if cause else None,
            actor=caller.key_id if caller else "",
        )

    def in_version(self, data: dict[str, Any], schema_version: int, *, first: bool = True) -> Event:
        """The same in the words of one version of its contract. If it is not the `first` in which
        the event is told, it has an id of its own, which names the first as its cause."""
        if first:
            return replace(self, data=data, schema_version=schema_version)
        cause = self.causationid or self.id
        return replace(
            self, id=new_id(), causationid=cause, data=data, schema_version=schema_version
        )

    @property
    def wire_type(self) -> str:
        return wire_type(self.type, self.schema_version)

    def to_json(self) -> bytes:
        """The structured-mode JSON document, UTF-8."""
        document: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "type": self.wire_type,
            "source": self.source,
            "subject": self.subject,
            "sequence": self.sequence,
            "time": self.time,
            "datacontenttype": "application/json",
            "dataschema": contract_id(self.type, self.schema_version),
            "data": self.data,
        }
        if self.correlationid:
            document["correlationid"] = self.correlationid
        if self.causationid:
            document["causationid"] = self.causationid
        if self.traceparent:
            document["traceparent"] = self.traceparent
        return orjson.dumps(document, option=orjson.OPT_UTC_Z)

    @classmethod
    def from_json(cls, body: bytes | dict[str, Any]) -> Event:
        """Raises Undecodable (final). Unknown attributes are ignored, as contracts only grow."""
        try:
            raw = orjson.loads(body) if isinstance(body, bytes | bytearray | memoryview) else body
            known = _WIRE_TYPE.fullmatch(raw["type"])
            if known is None:
                raise Undecodable(f"unknown type {raw['type'][:80]!r}")
            identifier = canonical(raw["id"])
            if raw["specversion"] != "1.0" or identifier is None:
                raise Undecodable("not a CloudEvents 1.0 envelope with a UUID")
            time = parse_timestamp(raw["time"])
            if time is None:
                raise Undecodable("its time is none of RFC 3339")
            if not isinstance(raw["data"], dict):
                raise Undecodable("data is no object")
            return cls(
                id=identifier,
                type=known["type"],
                schema_version=int(known["version"]),
                source=raw["source"],
                subject=raw["subject"],
                sequence=int(raw["sequence"]),
                time=time,
                data=raw["data"],
                correlationid=raw.get("correlationid", ""),
                causationid=raw.get("causationid", ""),
                traceparent=raw.get("traceparent"),
            )
        except Undecodable:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Undecodable(type(error).__name__) from error
