"""Owns what a phone number is: how it may be written, and the one form in which it is found.

A record keeps what was said, without separators. Which number that is follows from the chapter's
country and from the numbering plans of `phonenumbers` (the port of Google's libphonenumber), and is
computed anew wherever a number is looked for, compared or shown: plans change.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, ValidationResult

from shared.codes import countries

INVALID: Final = "INVALID_PHONE"
OUTDATED: Final = "OUTDATED_PHONE"

_REMEMBERED: Final = 1024  # numbers, by this process: those of a batch are asked for several times
_SEPARATED: Final = re.compile(r"\+?[0-9 ().\-\u00a0\u2010-\u2015\u202f]+")
_SEPARATORS: Final = re.compile(r"[^0-9+]")
# E.164, section 6: at most 15 digits; shorter than 6 is a short code, not a person's phone.
_DIGITS: Final = re.compile(r"\+[1-9][0-9]{5,14}|[0-9]{6,15}")
_A_SHEETS_FLOAT: Final = re.compile(r"(\+?[0-9]+)\.0+")
_A_DECIMAL: Final = re.compile(r"\.[0-9](?![0-9])")  # cut off, it is another number
_SLASHED: Final = re.compile(r"[0-9]{2,3}(/[0-9]{2,3}){2,}")  # 76/12/34/56, not 76123456/57
_TRUNK: Final = re.compile(r"(\(0\))")

_OLD_LENGTH: Final = 8  # of the numbers of Benin and of Côte d’Ivoire, before either had ten digits
_BENIN: Final = 229
_BENIN_PREFIX: Final = "01"  # of every number, fixed and mobile, since 30 November 2024
_IVORY_COAST: Final = 225
"""Since 31 January 2021 a number begins with its operator's prefix. An old one does not tell for
certain which that is, as numbers had been carried from one operator to another."""


def cleaned(text: str) -> str | None:
    """The digits of one phone number, with a leading + if its country is given; None if this is
    not one number: two of them, letters, a number that a spreadsheet has rounded."""
    text = text.strip()
    if a_float := _A_SHEETS_FLOAT.fullmatch(text):
        text = a_float[1]
    if _SLASHED.fullmatch(text):
        text = text.replace("/", " ")
    if not _SEPARATED.fullmatch(text) or _A_DECIMAL.search(text):
        return None
    if text.startswith(("+", "00")) and _TRUNK.search(text):
        text = _without_trunk(text)
    bare = _SEPARATORS.sub("", text)
    bare = "+" + bare[2:] if bare.startswith("00") else bare
    return bare if _DIGITS.fullmatch(bare) else None


def e164(phone: str, country: str) -> str:
    """A cleaned number as E.164 writes it; one without a country is the chapter's own. One that
    cannot be is written likewise, so that what was stored once is still found by its digits."""
    number = _parsed(phone, country)
    if number is None:
        code, _ = countries.dialling(country)
        return phone if phone.startswith("+") else f"+{code}{phone}"
    national = phonenumbers.national_significant_number(number)
    if number.country_code == _BENIN and len(national) == _OLD_LENGTH:
        national = _BENIN_PREFIX + national
    return f"+{number.country_code}{national}"


def fault(phone: str, country: str) -> str | None:
    """The code of what is wrong with a cleaned number: INVALID_PHONE if no phone can have it,
    OUTDATED_PHONE if one had it before its country's plan changed."""
    number = _parsed(phone, country)
    if number is None:
        return INVALID
    if phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE:
        return None
    if len(phonenumbers.national_significant_number(number)) == _OLD_LENGTH:
        if number.country_code == _BENIN:
            return None
        if number.country_code == _IVORY_COAST:
            return OUTDATED
    return INVALID


@lru_cache(maxsize=_REMEMBERED)
def _parsed(phone: str, country: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(phone, country)
    except NumberParseException:
        return None


def _without_trunk(text: str) -> str:
    """An international number without the (0) that is dialled within the country alone, where the
    number is one without it; in some countries it is a part of the number."""
    with_it, without = _TRUNK.sub("0", text), _TRUNK.sub("", text)
    for way in (phonenumbers.is_valid_number, phonenumbers.is_possible_number):
        for each in (without, with_it):
            number = _parsed("+" + _SEPARATORS.sub("", each).lstrip("+0"), "ZZ")
            if number and way(number):
                return each
    return with_it
