"""Owns the way from a revoked key to its webhooks, which `notifications` keeps and must close.

The key dies first, in the database of keys, so that it opens nothing whatever happens next. A
revoked key without `webhooks_closed_at` is one of which `notifications` has not confirmed that its
webhooks are closed: it is announced at once, and by every gateway again each second until it is.
To be announced twice changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from gateway.calls.context import Calls, Keys
from shared.caller import Caller
from shared.errors import HubError
from shared.fail_points import fail_point

POLL_S: Final = 1.0  # with TELL_S well below the 5 s that are promised
ANNOUNCE_S: Final = 2.0
ANNOUNCED_AT_ONCE: Final = 500
_GATEWAY: Final = Caller("operator", key_id="gateway")

log = logging.getLogger(__name__)


async def revoke(keys: Keys, calls: Calls, key_id: str, by: str) -> dict[str, Any]:
    """The key, revoked; `webhooks_closed_at` is None if its webhooks are yet to be closed.

    Raises: NotFound; Unavailable (retryable): the key may not be revoked.
    """
    revoked = await keys.revoke(key_id, by)
    fail_point("gateway.after_revoke")
    with suppress(HubError):  # not lost: `announce_revocations` goes on
        await _announce(keys, calls, [key_id])
        revoked = await keys.revoke(key_id, by)  # as it stands now
    return revoked


async def announce_revocations(keys: Keys, calls: Calls, poll_s: float = POLL_S) -> None:
    """Announce what is not announced yet, now and every `poll_s`, until cancelled."""
    failed = False
    while True:
        try:
            while key_ids := await keys.unannounced_revocations(ANNOUNCED_AT_ONCE):
                await _announce(keys, calls, key_ids)
        except HubError as error:
            if not failed:  # once, not every second
                log.warning("revoked keys' webhooks are not closed yet: %s", error.code)
            failed = True
        except Exception:  # whatever it was, the keys are still to be announced
            log.exception("revoked keys' webhooks are not closed yet")
            failed = True
        else:
            if failed:
                log.info("revoked keys' webhooks are closed")
            failed = False
        await asyncio.sleep(poll_s)


async def _announce(keys: Keys, calls: Calls, key_ids: Sequence[str]) -> None:
    request = {"caller": _GATEWAY.to_dict(), "owners": key_ids}
    await calls.call("notifications", "revoke_owners", request, timeout_s=ANNOUNCE_S)
    await keys.webhooks_closed(key_ids)
