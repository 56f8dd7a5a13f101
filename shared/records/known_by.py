"""What a record is known by elsewhere: its keys in the systems that it came from, and identifiers
in public registers.

Both are pairs of a system and a text. A key (`external_refs`) leads to one record of its type in
the chapter and may stand for its id (`shared.records.keys`); an identifier may be several records'
and only finds them. A pair that is pushed is added; one goes by `remove`, all go by `clear`.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema, ValidationError

from shared.records.fields import RowSchema, Section, Text, Truth, fail
from shared.records.pairs import EXTERNAL_REFS, IDENTIFIERS, MAX_PAIRS, MAX_TEXT, SYSTEM, text_of

PRIVATE: Final = frozenset({EXTERNAL_REFS, IDENTIFIERS})
"""What of it events tell: nothing."""


class System(Text):
    """The name of a source system or a register, in lower case."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, *args, **kwargs).lower()
        if not SYSTEM.fullmatch(name):
            raise fail("INVALID_SYSTEM")
        return name


class ExternalRef(RowSchema):
    system = System(50, required=True)
    key = Text(MAX_TEXT, required=True)
    remove = Truth()


class Identifier(RowSchema):
    system = System(50, required=True)
    value = Text(MAX_TEXT, required=True)
    remove = Truth()


class Pairs(Section):
    """A list of pairs, told apart by all that they say."""

    def __init__(self, schema: type[Schema]) -> None:
        super().__init__(schema, many=True, limit=MAX_PAIRS)
        self.kept_part_by_part = True

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if value == []:
            raise fail("EMPTY_LIST")
        loaded = super()._deserialize(value, *args, **kwargs)
        seen: set[str] = set()
        wrong: dict[int, Any] = {}
        for place, pair in enumerate(loaded):
            if (text := text_of(pair)) in seen:
                wrong[place] = fail("REPEATED_VALUE").messages
            elif text:
                seen.add(text)
        if wrong:
            raise ValidationError(wrong, valid_data=loaded)
        return loaded


class KnownElsewhere(RowSchema):
    """The fields that every record has."""

    external_refs = Pairs(ExternalRef)
    identifiers = Pairs(Identifier)
