"""The shapes that every process speaks of: what MongoDB holds, what a call asks and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
"""A document of MongoDB."""

Request: TypeAlias = Mapping[str, Any]
"""What an RPC method is asked, with the `caller`."""

Answer: TypeAlias = dict[str, Any]
"""What an RPC method answers."""
