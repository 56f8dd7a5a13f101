"""Ids that begin alike: asked for as a range, which an index answers, and not as a pattern."""

from __future__ import annotations


def below(prefix: str) -> dict[str, str]:
    """The condition for texts that begin with `prefix` and go on.

    Args: prefix: ends in a separator of ASCII; the range ends before the character behind it.
    """
    return {"$gt": prefix, "$lt": prefix[:-1] + chr(ord(prefix[-1]) + 1)}
