"""Marshmallow fields for pushed rows; every error is a code of shared/messages.csv."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load

from shared import scores
from shared.codes import code_list, places
from shared.codes.suggestions import unknown_code, unknown_field, unknown_place
from shared.days import calendar_day
from shared.ids import canonical
from shared.records import pairs
from shared.texts import CONTROL, plain


def fail(code: str, params: Mapping[str, Any] | None = None, **more: Any) -> ValidationError:
    """The error of one field: a code, and what fills the slots of its text."""
    return ValidationError([{"code": code, "params": more if params is None else params}])


UNKNOWN_FIELD: Final = "UNKNOWN_FIELD"
ID: Final = "id"
REMOVE: Final = pairs.REMOVE


class RowSchema(Schema):
    """A row or a part of one: unknown fields are told, never dropped in silence. What is absent,
    null or blank is not given."""

    error_messages = {"unknown": UNKNOWN_FIELD, "type": "NOT_AN_OBJECT"}  # noqa: RUF012

    class Meta:
        unknown = RAISE

    @pre_load
    def _given(self, data: Any, **_: Any) -> Any:
        return given(data) if isinstance(data, dict) else data

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


def given(row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a row is given, texts in their plain form."""
    said: dict[str, Any] = {}
    for name, value in row.items():
        if type(value) is str:
            value = plain(value)
            if not value:
                continue
        elif value is None or (type(value) is list and value and all(map(_blank, value))):
            continue
        said[name] = value
    return said


def _blank(value: Any) -> bool:
    return value is None or (type(value) is str and not plain(value))


_CODES: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": "REQUIRED",
    "null": "REQUIRED",
    "invalid": "INVALID_VALUE",
    "type": "NOT_AN_OBJECT",
    "validator_failed": "INVALID_VALUE",
}


class _Field(fields.Field[Any]):
    default_error_messages = _CODES

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """The value; a text in its plain form, also where it is a part of a list."""
        return super().deserialize(plain(value) if type(value) is str else value, *args, **kwargs)


class Id(_Field):
    """A UUID in canonical text."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if (identifier := canonical(value)) is None:
            raise fail(value.code if isinstance(value, pairs.Unknown) else "INVALID_ID")
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
    """The id of a place in the gazetteer, kept as the place has it at present; a bare name is
    refused, as places share names."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or not places.exists(value):
            raise fail("UNKNOWN_PLACE", unknown_place(value))
        return places.present(value)


class Text(_Field):
    """A plain text of 1 to `limit` characters without control characters."""

    def __init__(self, limit: int = 200, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._limit = limit

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise fail("NOT_A_TEXT")
        if not value:
            raise fail("REQUIRED")
        if len(value) > self._limit:
            raise fail("TOO_LONG", limit=self._limit)
        if CONTROL.search(value):
            raise fail("CONTROL_CHARACTER")
        return value


class Day(_Field):
    """A calendar date of 1900 to 2200, `YYYY-MM-DD`; kept as that text: it sorts as dates do."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        day = calendar_day(value)
        if day is None or not 1900 <= day.year <= 2200:
            raise fail("INVALID_DATE", value=str(value)[:30])
        return day.isoformat()


class Moment(_Field):
    """A moment with its offset from UTC, as RFC 3339 writes it; kept as an aware datetime."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None and moment.year > 1:
                return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            pass
        raise fail("INVALID_MOMENT")


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


class Score(Number):
    """The points of a test (`shared.scores`)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(0, scores.MOST, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> float:
        points = scores.score(super()._deserialize(value, *args, **kwargs))
        if points is None:
            raise fail("TOO_MANY_DECIMALS", limit=scores.DECIMALS)
        return points


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


OTHER: Final = "other"
MAX_OTHERS: Final = 20
"""How many languages beside the house's one push may name of a text."""


class Localised(_Field):
    """A text in one or more languages, kept by their codes: `{"fr": …, "bm": …}`.

    Any language of the list may be said by its code; `other` says languages as a list, for those
    who can only name what a type names: `{"other": [{"language": "bm", "text": …}]}`.
    """

    def __init__(self, limit: int = 300, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._text = Text(limit)
        self._others = Section(_others_of(self._text), many=True, limit=MAX_OTHERS)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, str]:
        if not isinstance(value, Mapping):
            raise fail("NOT_AN_OBJECT")
        texts = given(value)
        others = texts.pop(OTHER, [])
        if unknown := sorted(set(texts) - set(code_list("language"))):
            raise fail("UNKNOWN_CODE", unknown_code("language", unknown[0]))
        loaded: dict[str, str] = {}
        wrong: dict[str, Any] = {}
        for language, text in texts.items():
            try:
                loaded[language] = self._text.deserialize(text)
            except ValidationError as error:
                wrong[language] = error.messages
        try:
            for row, each in enumerate(self._others.deserialize(others)):
                if each.get("text") is None:
                    continue  # blank: nothing said
                if each["language"] in texts or each["language"] in loaded:
                    told = fail("REPEATED_VALUE").messages
                    wrong.setdefault(OTHER, {})[row] = {"language": told}
                else:
                    loaded[each["language"]] = each["text"]
        except ValidationError as error:
            wrong[OTHER] = error.messages
        if wrong:
            raise ValidationError(wrong)
        return loaded


def _others_of(text: Text) -> type[Schema]:
    return RowSchema.from_dict(
        {"language": Code("language", required=True), "text": text}, name="TextInLanguage"
    )


class Many(fields.List[Any]):
    """A list of at most `limit` parts; `distinct` refuses repeated values. One that is too long is
    not read further; of any other, each part that is wrong is told."""

    default_error_messages = {"invalid": "NOT_A_LIST", "required": "REQUIRED", "null": "REQUIRED"}  # noqa: RUF012

    def __init__(
        self, part: fields.Field[Any], *, limit: int = 50, distinct: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(part, **kwargs)
        self.limit, self._distinct = limit, distinct

    def _deserialize(self, value: Any, *_: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) > self.limit:
            raise fail("TOO_MANY", limit=self.limit)
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


class Identified(RowSchema):
    """A thing with an id within a record: it is corrected by its id, and goes by `remove`."""

    id = Id(required=True)
    remove = Truth()


class Section(fields.Nested):
    """One nested row, or a list of at most `limit` with `many=True`."""

    default_error_messages = {  # noqa: RUF012
        "type": "NOT_AN_OBJECT",
        "required": "REQUIRED",
        "null": "REQUIRED",
    }

    def __init__(self, schema: type[Schema], *, limit: int = 100, **kwargs: Any) -> None:
        super().__init__(schema, **kwargs)
        self.limit = limit
        self.identified = self.many and issubclass(schema, Identified)
        self.kept_part_by_part = self.identified  # what is pushed adds to the list

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not self.many:
            return super()._deserialize(value, *args, **kwargs)
        if not isinstance(value, list):
            raise fail("NOT_A_LIST")
        if len(value) > self.limit:
            raise fail("TOO_MANY", limit=self.limit)
        if self.identified and not value:
            raise fail("EMPTY_LIST")
        wrong: dict[Any, Any] = {}
        try:
            loaded = super()._deserialize(value, *args, **kwargs)
        except ValidationError as error:
            wrong, loaded = error.messages, error.valid_data  # type: ignore[assignment]
        if self.identified:
            _tell_repeated(loaded, wrong)
        if wrong:
            raise ValidationError(wrong, valid_data=loaded)
        return loaded


def _tell_repeated(rows: list[Any], wrong: dict[Any, Any]) -> None:
    """Add what is wrong with each row whose id stands in an earlier one too."""
    seen: set[str] = set()
    for place, row in enumerate(rows):
        identifier = row.get(ID) if isinstance(row, dict) else None
        if identifier in seen:
            wrong.setdefault(place, {})[ID] = fail("REPEATED_VALUE").messages
        elif identifier is not None:
            seen.add(identifier)


def paths(schema: Schema, at: str = "") -> Iterator[str]:
    """The dotted paths of a schema's fields, positions in lists left out, each before its parts."""
    for name, field in schema.fields.items():
        if name == REMOVE:
            continue  # a word to the engine, not of the record
        path = f"{at}{name}"
        yield path
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from paths(inner.schema, f"{path}.")
