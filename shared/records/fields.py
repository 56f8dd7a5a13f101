"""Marshmallow fields for pushed rows; every error is a code of shared/messages.csv."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from shared.codes import LANGUAGES, code_list, places
from shared.codes.suggestions import unknown_code, unknown_field, unknown_place
from shared.days import calendar_day
from shared.ids import canonical


def fail(code: str, params: Mapping[str, Any] | None = None, **more: Any) -> ValidationError:
    """The error of one field: a code, and what fills the slots of its text."""
    return ValidationError([{"code": code, "params": more if params is None else params}])


UNKNOWN_FIELD: Final = "UNKNOWN_FIELD"


class RowSchema(Schema):
    """A row or a part of one: unknown fields are told, never dropped in silence."""

    error_messages = {"unknown": UNKNOWN_FIELD, "type": "NOT_AN_OBJECT"}  # noqa: RUF012

    class Meta:
        unknown = RAISE

    def handle_error(
        self,
        error: ValidationError,
        data: Any,  # noqa: ARG002
        *,
        many: bool,
        **_: Any,
    ) -> None:
        """Say of each unknown field which one may be meant."""
        messages: Any = error.messages
        for row in messages.values() if many else (messages,):
            for name, told in row.items():
                if told == [UNKNOWN_FIELD]:
                    row[name] = fail(UNKNOWN_FIELD, unknown_field(name, self.fields)).messages


_CODES: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": "REQUIRED",
    "null": "REQUIRED",
    "invalid": "INVALID_VALUE",
    "type": "NOT_AN_OBJECT",
    "validator_failed": "INVALID_VALUE",
}


class _Field(fields.Field[Any]):
    default_error_messages = _CODES


class Id(_Field):
    """A UUID in canonical text."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if (identifier := canonical(value)) is None:
            raise fail("INVALID_ID")
        return identifier


class Code(_Field):
    """A code of one of the code lists; of another list, `codes` names them all."""

    def __init__(self, list_name: str, codes: Collection[str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._name, self._possible = list_name, codes
        self._codes = frozenset(code_list(list_name) if codes is None else codes)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or value not in self._codes:
            raise fail("UNKNOWN_CODE", unknown_code(self._name, value, self._possible))
        return value


class PlaceId(_Field):
    """The id of a place in the gazetteer; a bare name is refused, as places share names."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not places.exists(value):
            raise fail("UNKNOWN_PLACE", unknown_place(value))
        return value


# Besides the controls, what turns the direction of the text behind it: names could be disguised.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_INVISIBLE = "\ufeff\u200b\u2060"  # marks that sheets and editors leave at the ends of a cell


class Text(_Field):
    """A trimmed text of 1 to `limit` characters without control characters; its lines end by
    `\\n`."""

    def __init__(self, limit: int = 200, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._limit = limit

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise fail("NOT_A_TEXT")
        text = value.strip().strip(_INVISIBLE).strip().replace("\r\n", "\n")
        if not text:
            raise fail("REQUIRED")
        if len(text) > self._limit:
            raise fail("TOO_LONG", limit=self._limit)
        if _CONTROL.search(text):
            raise fail("CONTROL_CHARACTER")
        return text


class Day(_Field):
    """A calendar date of 1900 to 2200, `YYYY-MM-DD`; kept as that text: it sorts as dates do."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        day = calendar_day(value)
        if day is None or not 1900 <= day.year <= 2200:
            raise fail("INVALID_DATE", value=str(value)[:30])
        return day.isoformat()


class Whole(_Field):
    """A whole number between `low` and `high`, both included."""

    def __init__(self, low: int = 0, high: int = 100_000_000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._low, self._high = low, high

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            code = "NOT_A_WHOLE_NUMBER" if isinstance(value, float) else "NOT_A_NUMBER"
            raise fail(code, low=self._low, high=self._high)
        if not self._low <= value <= self._high:
            raise fail("OUT_OF_RANGE", low=self._low, high=self._high)
        return value


class Number(_Field):
    """A finite number between `low` and `high`, both included; kept as a float."""

    def __init__(self, low: float, high: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._low, self._high = low, high

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise fail("NOT_A_NUMBER", low=self._low, high=self._high)
        if not self._low <= value <= self._high:  # NaN fails as well
            raise fail("OUT_OF_RANGE", low=self._low, high=self._high)
        return float(value)


class Truth(_Field):
    """true or false."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise fail("NOT_A_TRUTH_VALUE")
        return value


class BirthYear(Whole):
    """A year of birth, not in the future and not beyond the longest life."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1890, 9999, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        year = super()._deserialize(value, *args, **kwargs)
        latest = date.today().year  # noqa: DTZ011  # a year of grace at the date line harms nobody
        if year > latest:
            raise fail("IN_FUTURE", value=year, latest=latest)
        return year


class Localised(_Field):
    """A text in one or more of the house's languages: `{"fr": …, "en": …, "pt": …}`."""

    def __init__(self, limit: int = 300, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._text = Text(limit)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise fail("NOT_AN_OBJECT")
        texts = {k: v for k, v in value.items() if v is not None and v != ""}
        if not texts:
            raise fail("REQUIRED")
        if unknown := sorted(set(texts) - set(LANGUAGES)):
            raise fail("UNKNOWN_CODE", unknown_code("language", unknown[0], LANGUAGES))
        loaded, wrong = {}, {}
        for language, text in texts.items():
            try:
                loaded[language] = self._text.deserialize(text)
            except ValidationError as error:
                wrong[language] = error.messages
        if wrong:
            raise ValidationError(wrong)
        return loaded


class Many(fields.List[Any]):
    """A list of at most `limit` parts; `distinct` refuses repeated values. One that is too long is
    not read further; of any other, each part that is wrong is told."""

    default_error_messages = {"invalid": "NOT_A_LIST", "required": "REQUIRED", "null": "REQUIRED"}  # noqa: RUF012

    def __init__(
        self, part: fields.Field[Any], *, limit: int = 50, distinct: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(part, **kwargs)
        self._limit, self._distinct = limit, distinct

    def _deserialize(self, value: Any, *_: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) > self._limit:
            raise fail("TOO_MANY", limit=self._limit)
        loaded: list[Any] = []
        wrong: dict[int, Any] = {}
        seen: set[Any] = set()
        for row, each in enumerate(value):
            try:
                part = self.inner.deserialize(each, **kwargs)
                if self._distinct:
                    if part in seen:
                        raise fail("REPEATED_VALUE")
                    seen.add(part)
            except ValidationError as error:
                wrong[row] = error.messages
                part = error.valid_data
            loaded.append(part)
        if wrong:
            raise ValidationError(wrong, valid_data=loaded)
        return loaded


def codes(list_name: str, **kwargs: Any) -> Many:
    """Several distinct codes of one code list, in the order given."""
    return Many(Code(list_name), distinct=True, **kwargs)


class Section(fields.Nested):
    """One nested row, or a list of at most `limit` with `many=True`. It is given as a whole: what
    it requires must be there, also where the row above may leave out what is stored already."""

    default_error_messages = {  # noqa: RUF012
        "type": "NOT_AN_OBJECT",
        "required": "REQUIRED",
        "null": "REQUIRED",
    }

    def __init__(self, schema: type[Schema], *, limit: int = 100, **kwargs: Any) -> None:
        super().__init__(schema, **kwargs)
        self._limit = limit

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs["partial"] = False
        if self.many:
            if not isinstance(value, list):
                raise fail("NOT_A_LIST")
            if len(value) > self._limit:
                raise fail("TOO_MANY", limit=self._limit)
        return super()._deserialize(value, *args, **kwargs)


def paths(schema: Schema, at: str = "") -> Iterator[str]:
    """The dotted paths of a schema's fields, positions in lists left out, each before its parts."""
    for name, field in schema.fields.items():
        path = f"{at}{name}"
        yield path
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from paths(inner.schema, f"{path}.")


class Period(RowSchema):
    """Has a period of days, `from` and `to`: both included, either may be left open."""

    since = Day(data_key="from")
    until = Day(data_key="to")

    @validates_schema
    def _in_order(self, data: Mapping[str, Any], **_: Any) -> None:
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            wrong = fail("END_BEFORE_START", starts_on=since, ends_on=until)
            raise ValidationError({"to": wrong.messages})
