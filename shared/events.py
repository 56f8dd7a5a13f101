"""The envelope of every event: CloudEvents 1.0, structured JSON (cloudevents.io, spec 1.0.2).

Inside the house a type is short (`activity.recorded`); on the wire it is `org.foscao.<type>.v1`.
The extension `sequence` is the aggregate's version: 1, 2, 3 … per subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from shared.caller import Caller
from shared.days import moment
from shared.ids import canonical, new_id

PREFIX = "org.foscao."
VERSION = ".v1"
CONTENT_TYPE = "application/cloudevents+json"
BATCH_CONTENT_TYPE = "application/cloudevents-batch+json"


class Undecodable(ValueError):
    """Bytes or a document that is no event of ours; a retry does not help."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one aggregate (`subject`), frozen when it was emitted."""

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
        )

    @property
    def wire_type(self) -> str:
        return f"{PREFIX}{self.type}{VERSION}"

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
            "dataschema": f"urn:foscao:contract:{self.type}:1",
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
            wire_type: str = raw["type"]
            if not (wire_type.startswith(PREFIX) and wire_type.endswith(VERSION)):
                raise Undecodable(f"unknown type {wire_type[:80]!r}")
            identifier = canonical(raw["id"])
            if raw["specversion"] != "1.0" or identifier is None:
                raise Undecodable("not a CloudEvents 1.0 envelope with a UUID")
            time = moment(raw["time"])
            if time is None:
                raise Undecodable("its time is none of RFC 3339")
            if not isinstance(raw["data"], dict):
                raise Undecodable("data is no object")
            return cls(
                id=identifier,
                type=wire_type[len(PREFIX) : -len(VERSION)],
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
