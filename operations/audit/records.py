"""Stored → logged: each record's version is the number of its steps in the log, and its last step
says what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from operations.audit.groups import Subject
from operations.audit.log import as_read_by, steps
from operations.audit.tally import Tally
from shared.layout import CHAPTER, CONTENT, VERSION, WITHDRAWN
from shared.record_types import RECORD_TYPES

RECORDS: Final = tuple(each for each in RECORD_TYPES.values() if not each.delta)
"""What is stored as a record in versions; sheets are not."""

_PARTLY_PRIVATE: Final = frozenset({"sessions", "dialogue"})
"""Fields of which an event leaves parts out or fills them in."""


def check(tally: Tally, record_type: str, subject: Subject) -> None:
    """Compare one record with the steps that the log has of it."""
    key, record, log = subject.key, subject.stored, as_read_by(None, subject.log)
    if record is None and not log:
        return  # known further on alone
    first, double = steps(log)
    for each in double:
        tally.double(f"two events are step {each.sequence} of {record_type} {key}", **each.ids)
    for each in log:
        if each.problem:
            tally.differs(f"{each.name} in the log: {each.problem}", **each.ids)
    # Of another's aspect only some steps are told; as which the last was, the record knows.
    last_alone = RECORD_TYPES[record_type].aspect_of is not None
    for each in first[-1:] if last_alone else first:
        tally.find(f"{key}#{each.sequence}")
    if record is None:
        tally.missing(
            f"{record_type} {key} is in the log and not stored",
            count=len(first),
            noun=record_type,
            subject=key,
        )
        return
    version = record[VERSION]
    logged = {each.sequence for each in first}
    for sequence in range(version if last_alone else 1, version + 1):
        tally.expect(f"{key}#{sequence}")
        if sequence not in logged:
            tally.missing(
                f"step {sequence} of {record_type} {key} (stored as of {version}) is not in the "
                "log",
                noun=record_type,
                subject=key,
                sequence=sequence,
            )
    if first and first[-1].sequence > version:
        tally.differs(
            f"{record_type} {key} is stored as of step {version}; the log goes on to "
            f"{first[-1].sequence}",
            noun=record_type,
            subject=key,
        )
    elif (
        first
        and first[-1].sequence == version
        and not first[-1].problem
        and (unlike := _unlike(record, first[-1].data))
    ):
        tally.differs(
            f"{record_type} {key}: what is stored is not what its last step says of "
            f"{', '.join(unlike)}",
            fields=unlike,
            **first[-1].ids,
        )


def _unlike(record: Mapping[str, Any], data: Mapping[str, Any]) -> list[str]:
    """The names of the fields in which a record differs from its last event.

    Only names are told, and only what lies in the clear is compared.
    """
    content: Mapping[str, Any] = record[CONTENT]
    compared = [name for name in content if name in data and name not in _PARTLY_PRIVATE]
    unlike = [name for name in compared if content[name] != data[name]]
    # Of who is one with another, the record leaves open whether they are withdrawn: they are not.
    unlike += [n for n in (CHAPTER, WITHDRAWN) if n in data and (record[n] or False) != data[n]]
    return sorted(unlike)
