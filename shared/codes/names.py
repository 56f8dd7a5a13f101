"""Owns how names of places are compared: no case, no accents, hyphens and apostrophes as blanks."""

import unicodedata


def folded(text: str) -> str:
    """Lower case, without accents, words of letters and digits parted by single blanks."""
    bare = (char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in bare).casefold().split())


def squashed(text: str) -> str:
    """As `folded`, in one word: N’Zérékoré, N Zerekore and Nzérékoré are the same."""
    return folded(text).replace(" ", "")
