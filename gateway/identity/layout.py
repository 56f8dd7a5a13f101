"""The database `gateway`: its one collection, and the names that operators' tools know too.

api_keys   {_id: the key's public part, hash, role, chapter, label, created_at, created_by,
            revoked_at, revoked_by,
            made_under?: by whom, and under which push's id,
            webhooks_closed_at: None until `notifications` has confirmed it of a revoked key}
"""

from __future__ import annotations

from typing import Final

API_KEYS: Final = "api_keys"

REVOKED_AT: Final = "revoked_at"
WEBHOOKS_CLOSED_AT: Final = "webhooks_closed_at"
MADE_UNDER: Final = "made_under"
