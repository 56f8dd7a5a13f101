"""Owns the shape of what comes in: one marshmallow schema per pushed record type, and one for a
sheet row.

`required` speaks of the stored record: a first push must give the field, a later one may leave it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from shared.codes import places
from shared.codes.suggestions import unknown_code
from shared.records import fields as f
from shared.records.known_by import ExternalRef, KnownElsewhere, Pairs, System

SECTOR_CODE = "[A-Za-z0-9][A-Za-z0-9_.-]*"


class Session(f.Identified):
    external_refs = Pairs(ExternalRef)
    title = f.Text(200)
    on = f.Day(required=True)
    hours = f.Number(0, 24)
    topics = f.codes("emmmda_topic")
    place = f.PlaceId()


class Cell(f.RowSchema):
    sex = f.Code("sex")
    age_band = f.Code("age_band")
    group = f.Code("stakeholder_group")
    disability = f.Code("disability_status")
    count = f.Whole(required=True)


class Announced(f.RowSchema):
    total = f.Whole(required=True)
    cells = f.Section(Cell, many=True)


class Consultation(f.RowSchema):
    proposer_groups = f.codes("stakeholder_group")
    blessing_given = f.Truth()
    participants_considered = f.Whole()


class Training(f.RowSchema):
    audience_groups = f.codes("stakeholder_group")
    days = f.Number(0, 366)


class Recommendation(f.Identified):
    text = f.Text(2000, required=True)
    addressee = f.Text(200)
    due_on = f.Day()
    status = f.Code("recommendation_status", load_default="open")
    follow_up = f.Text(2000)


class Dialogue(f.RowSchema):
    recommendations = f.Section(Recommendation, many=True)


class Media(f.RowSchema):
    channels = f.codes("media_channel")
    broadcasts = f.Whole()
    audience_estimate = f.Whole(0, 500_000_000)
    languages = f.codes("language")


class Publication(f.RowSchema):
    title = f.Text(300, required=True)
    language = f.Code("language")
    copies_printed = f.Whole()
    copies_distributed = f.Whole()
    isbn = f.Text(20)


class Evaluation(f.RowSchema):
    """What was learnt; for every type."""

    findings = f.Text(5000)
    lessons = f.Text(5000)


class Elsewhere(f.RowSchema):
    """A place outside the countries of the gazetteer."""

    country = f.Code("world_country", required=True)
    name = f.Text(200)


class SectorCode(f.Text):
    """A code of some vocabulary of sectors: no words."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        code: str = super()._deserialize(value, *args, **kwargs)
        if not re.fullmatch(SECTOR_CODE, code):
            raise f.fail("INVALID_VALUE")
        return code


class Sector(f.RowSchema):
    """What is worked at, wholly or in part; without a vocabulary a purpose code of the DAC."""

    vocabulary = System(50)
    code = SectorCode(50, required=True)
    percentage = f.Number(0, 100)


class WebAddress(f.Text):
    """A complete https URL."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        url: str = super()._deserialize(value, *args, **kwargs)
        if not _is_web_address(url):
            raise f.fail("INVALID_WEB_ADDRESS")
        return url


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        found = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    printable = url.isascii() and url.isprintable() and " " not in url
    return found and printable and parts.scheme == "https" and "@" not in parts.netloc


class Document(f.Identified):
    """A document that lies elsewhere."""

    title = f.Localised(300, required=True)
    url = WebAddress(2000, required=True)
    category = f.Code("document_category")
    languages = f.codes("language")
    on = f.Day()


class Activity(KnownElsewhere):
    project_id = f.Id(required=True)
    type = f.Code("activity_type", required=True)
    title = f.Localised(300, required=True)
    description = f.Text(5000)
    status = f.Code("activity_status")
    starts_on = f.Day(required=True)
    ends_on = f.Day()
    place = f.PlaceId(required=True)
    venue = f.Text(200)
    places = f.Many(f.PlaceId(), distinct=True)
    countries = f.codes("world_country")
    elsewhere = f.Section(Elsewhere, many=True)
    sectors = f.Section(Sector, many=True)
    documents = f.Section(Document, many=True)
    organisation_ids = f.Many(f.Id(), distinct=True)
    funder_ids = f.Many(f.Id(), distinct=True)
    accountable_ids = f.Many(f.Id(), distinct=True)
    extending_ids = f.Many(f.Id(), distinct=True)
    sessions = f.Section(Session, many=True)
    ecpf = f.codes("ecpf_component")
    architecture = f.codes("architecture_tag")
    announced = f.Section(Announced)
    consultation = f.Section(Consultation)
    training = f.Section(Training)
    dialogue = f.Section(Dialogue)
    media = f.Section(Media)
    publication = f.Section(Publication)
    evaluation = f.Section(Evaluation)


class Actual(f.Identified):
    """What was reached in a period."""

    starts_on = f.Day()
    ends_on = f.Day(required=True)
    value = f.Number(-1e12, 1e12)
    comment = f.Text(2000)


class Indicator(f.Identified):
    title = f.Localised(300, required=True)
    description = f.Localised(2000)
    measure = f.Code("indicator_measure")
    ascending = f.Truth()
    unit = f.Text(50)
    baseline = f.Number(-1e12, 1e12)
    baseline_on = f.Day()
    target = f.Number(-1e12, 1e12)
    target_on = f.Day()
    actuals = f.Section(Actual, many=True)


class Project(KnownElsewhere):
    title = f.Localised(300, required=True)
    description = f.Localised(5000)
    status = f.Code("project_status")
    starts_on = f.Day(required=True)
    ends_on = f.Day()
    funder_ids = f.Many(f.Id(), distinct=True)
    accountable_ids = f.Many(f.Id(), distinct=True)
    extending_ids = f.Many(f.Id(), distinct=True)
    implementing_ids = f.Many(f.Id(), distinct=True)
    partner_ids = f.Many(f.Id(), distinct=True)
    places = f.Many(f.PlaceId(), distinct=True)
    countries = f.codes("world_country")
    elsewhere = f.Section(Elsewhere, many=True)
    sectors = f.Section(Sector, many=True)
    documents = f.Section(Document, many=True)
    indicators = f.Section(Indicator, many=True)


_COUNTRIES = ("BJ", "ML", "NL", "US", "…")


class Country(f.Text):
    """Any ISO 3166-1 alpha-2 code: partners and funders sit outside the countries of chapters."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not (isinstance(value, str) and re.fullmatch("[A-Z]{2}", value)):
            raise f.fail("UNKNOWN_CODE", unknown_code("ISO 3166-1", value, _COUNTRIES))
        return value


class Organisation(KnownElsewhere):
    identifier = f.Text(100)
    name = f.Text(300, required=True)
    acronym = f.Text(50)
    type = f.Code("organisation_type", required=True)
    country = Country()
    gppac_member = f.Truth()


class Concern(KnownElsewhere):
    activity_id = f.Id()
    place = f.PlaceId(required=True)
    category = f.Code("concern_category", required=True)
    severity = f.Whole(1, 5, required=True)
    status = f.Code("concern_status")
    raised_on = f.Day()
    text = f.Text(5000)
    raised_by_group = f.Code("stakeholder_group")


class Unit(f.PlaceId):
    """The id of a unit of the gazetteer: a country, or one of the first or the second level."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        place_id: str = super()._deserialize(value, *args, **kwargs)
        if places.place(place_id).level not in places.UNITS:
            raise f.fail("NOT_A_UNIT", unit=places.place(place_id).parent)
        return place_id


class Place(KnownElsewhere):
    """A place that the gazetteer lacks; `same_as` says which other one it turned out to be."""

    parent = Unit(required=True)
    name = f.Text(200, required=True)
    names = f.Localised(200)
    aliases = f.Many(f.Text(200), distinct=True)
    kind = f.Code("place_kind")
    lat = f.Number(-90, 90)
    lon = f.Number(-180, 180)
    began_on = f.Day()
    ended_on = f.Day()
    same_as = f.PlaceId()
