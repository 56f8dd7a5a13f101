"""What a text is once nobody can see a difference any more: the form in which it is kept and asked
for."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Unicode's Default_Ignorable_Code_Point: nothing is drawn for them, so two texts that differ in
# them look alike. Without those that turn the direction of a text, which are refused instead
# (`CONTROL`): whoever sends them disguises something. Joiners and variation selectors stay where
# they do change what is seen: within an emoji, or a script whose letters join.
_JOINING: Final = "[\u0590-\u1dff\u2100-\U0010ffff]"
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2060-\u2065"
    "\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
    f"|[\u200c\u200d](?!{_JOINING})|(?<!{_JOINING})[\u200c\u200d\ufe00-\ufe0f]"
)
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Characters that no text may hold: controls, and what turns the direction of the text behind."""


def plain(text: str) -> str:
    """The text in Unicode's composed form (NFC), without invisible characters, and without blanks
    at its ends; empty if nothing can be seen of it. Lines end by `\\n`."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    return text.strip().replace("\r\n", "\n")
