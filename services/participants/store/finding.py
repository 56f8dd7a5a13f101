"""Owns how people are found by what lies sealed: by a name, a phone number, an e-mail address."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from services.participants.rules import phones
from services.participants.rules.person import (
    joined_words,
    name_words,
)
from services.participants.rules.spelling import search_keys, slip_keys
from services.participants.store.cipher import Cipher
from shared.caller import Caller
from shared.codes import code_list
from shared.types import Document


class Finder:
    """The conditions by which marks are found; nothing is opened."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def conditions(self, asked: Mapping[str, Any], caller: Caller, *, slips: bool) -> Document:
        """Those of a list's filter (`shared.records.filters`) that ask for `text`, `phone` or
        `email`; with `slips` the words of `text` may hold one each."""
        found: Document = {}
        own = asked.get("chapter") or caller.chapter
        where = [own] if own else list(code_list("country"))
        if text := asked.get("text"):
            ways = sorted({name_words(text), joined_words(text)}, key=sorted)
            names = partial(self._names, where=where, keys_of=slip_keys if slips else search_keys)
            spelt = [
                {"$and": [{"names": {"$in": names(word)}} for word in sorted(words)]}
                for words in ways
                if words
            ]
            found["$and"] = [{"$or": spelt} if spelt else {"names": {"$in": []}}]
        if phone := asked.get("phone"):
            found["phone"] = {"$in": self._phones(phone, where)}
        if email := asked.get("email"):
            found["email"] = {"$in": self._exact("email", email, where)}
        return found

    def _names(
        self, word: str, where: Iterable[str], keys_of: Callable[[str], Sequence[frozenset[str]]]
    ) -> list[bytes]:
        """One of them has whoever has the word in the name, or one that it begins or spells
        otherwise. A single letter is an initial: it begins and spells nothing."""
        keys = sorted({key for each in keys_of(word) for key in each}) if len(word) > 1 else ()
        marks: list[bytes] = []
        for each in where:
            mark = self._cipher.marks(each)
            marks += [mark("name", word), *(mark("found by", key) for key in keys)]
        return [*marks, self._cipher.before.blind("name", word)] if self._cipher.before else marks

    def _exact(self, kind: str, text: str, where: Iterable[str]) -> list[bytes]:
        marks: list[bytes] = [self._cipher.marks(each)(kind, text) for each in where]
        return [*marks, self._cipher.before.exact(text)] if self._cipher.before else marks

    def _phones(self, phone: str, where: Collection[str]) -> list[bytes]:
        """The number in every country whose number it may be, as each chapter marks it."""
        numbers = {phones.e164(phone, each) for each in where}
        return [mark for number in sorted(numbers) for mark in self._exact("phone", number, where)]
