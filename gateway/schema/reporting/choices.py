"""Owns by what reports can be parted, what they can be asked of, and what may be withheld."""

from typing import Final

import graphene

from gateway.schema.enums import closed

MAY_BE_WITHHELD: Final = (
    "Null is kept for a figure withheld, lest a small one give somebody away; none is today."
)


class Dimension(graphene.Enum):
    """What a figure can be parted by. `unknown` is a category of each."""

    SEX = "sex"
    AGE_BAND = "age_band"
    GROUP = "group"
    GROUP_ANY = "group_any"
    DISABILITY = "disability"
    RESIDENCE = "residence"

    @property
    def description(self) -> str:
        return {
            "sex": "Sex.",
            "age_band": "Age band at the activity; of `uniquePeople`, at the last one that they "
            "came to in the row.",
            "group": "Primary stakeholder group: one per person, so that the cells add up.",
            "group_any": "Every stakeholder group: people may stand in several cells.",
            "disability": "With or without disability.",
            "residence": "First-level unit in which the person lives.",
        }.get(self.value, "")


DimensionCode = closed(
    "DimensionCode",
    "The dimension of a cell's coordinate, spelt as the events and the files spell it.",
    {each.value: each.description for each in Dimension._meta.enum},
)


ShareOf = closed(
    "ShareOf",
    "Whose share of a figure is told.",
    {
        "women": "Women and girls, among those whose sex is stated.",
        "youth": "People of 15 to 35 years, among those whose age is known.",
        "with_disability": "People with disability, among those of whom it is known.",
    },
)


class RowsBy(graphene.Enum):
    """What a report has a row for."""

    CHAPTER = "chapter"
    PROJECT = "project"
    ACTIVITY = "activity"
    TYPE = "type"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ADMIN1 = "admin1"
    LOCALITY = "locality"

    @property
    def description(self) -> str:
        return {
            "admin1": "One row for each first-level unit in which activities were held.",
            "locality": "One row for each place in which activities were held.",
        }.get(self.value, f"One row for each {self.value}.")


class CoverageOf(graphene.Enum):
    """A vocabulary whose coverage can be asked."""

    ECPF = "ecpf"
    TOPIC = "topic"
    ARCHITECTURE = "architecture"
    TYPE = "type"

    @property
    def description(self) -> str:
        return {
            "ecpf": "ECPF components.",
            "topic": "EMMMDA topics.",
            "architecture": "EPSAO and APSA.",
            "type": "Activity types.",
        }.get(self.value, "")
