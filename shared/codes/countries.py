"""Owns what is particular to a country: chapter, working language, telephone, ECOWAS membership.

A country may leave ECOWAS and keep its chapter: two questions, two functions. All take a code of
the list `country` (ISO 3166-1 alpha-2) and raise KeyError for any other.
"""

from datetime import UTC, date, datetime, timedelta

from shared.codes import code_list


def ecowas_member(country: str, on: date) -> bool:
    """Whether the country was a member on that day; the day of leaving is the first day outside."""
    extra = code_list("country")[country].extra
    joined, left = extra["ecowas_member_from"], extra["ecowas_member_until"]
    return date.fromisoformat(joined) <= on and (not left or on < date.fromisoformat(left))


def chapter_active(country: str) -> bool:
    """Whether the country's chapter is at work."""
    return code_list("country")[country].extra["chapter_active"] == "true"


def chapter_name(country: str) -> str:
    """The name of the country's chapter, e.g. `WACSOF-FOSCAO MALI`."""
    return code_list("country")[country].extra["chapter"]


def today(country: str, at: datetime | None = None) -> str:
    """The calendar day in the country, now or at that time, as ISO 8601 text.

    None of these countries changes its clocks in the year, so hours from UTC (as of the tz
    database) tell all of it. Of any other country it is the day of UTC.
    """
    row = code_list("country").get(country)
    ahead = timedelta(hours=int(row.extra["utc_offset_h"])) if row else timedelta()
    return ((at or datetime.now(UTC)) + ahead).date().isoformat()


def working_language(country: str) -> str:
    """The chapter's working language, one of `shared.codes.LANGUAGES`."""
    return code_list("country")[country].extra["working_language"]


def dialling(country: str) -> tuple[str, str]:
    """The country's calling code (ITU-T E.164), and what is dialled before its national numbers."""
    extra = code_list("country")[country].extra
    return extra["calling_code"], extra["trunk_prefix"]
