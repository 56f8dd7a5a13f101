"""Owns how closed lists are told: those by whose codes a program decides, so that none can be added
without it. Each is an enum spelt as its codes; lists that grow by a row of `shared/codes/data` are
told as codes with labels."""

from collections.abc import Mapping
from typing import Any

import graphene


def closed(name: str, says: str, codes: Mapping[str, str]) -> Any:
    """The enum of these codes, each with what it says."""

    def description(member: Any) -> str:
        return says if member is None else codes[member.value]

    return graphene.Enum(name, [(code, code) for code in codes], description=description)
