"""Partners manage their endpoints. A caller sees its own, an operator everybody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from services.notifications import schemas
from services.notifications.handlers.feed import confined
from services.notifications.rules.model import Endpoint, Secret, State
from services.notifications.rules.retries import ROTATION_OVERLAP
from services.notifications.sealing import Sealer, new_secret
from services.notifications.store.feed import NotificationStore
from services.notifications.store.owners import Owners
from services.notifications.transports import posting
from shared.caller import Caller
from shared.errors import Conflict, Forbidden, NotFound, Refused
from shared.ids import asked_for
from shared.paging import Asked
from shared.store.mongo import Tx
from shared.types import Answer, Request

ENDPOINTS_OF_ONE: Final = 20  # of a key; a queue each, and every item is posted to each
OWNERS_AT_ONCE: Final = 500


def create_endpoint(
    request: Request, store: NotificationStore, sealer: Sealer, *, allow_private: bool
) -> Answer:
    """Register a webhook: `endpoint` {id, url, description?, filter?}, `from` "now" (default),
    "beginning" or a cursor.

    Returns: `endpoint`, and `secret`, which is shown this once. If the id is already an endpoint of
        this caller, nothing changes and `secret` is None: rotate it if it was lost.
    Raises: Refused INVALID_INPUT, ID_TAKEN, KEY_REVOKED, TOO_MANY_WEBHOOKS or BAD_CURSOR;
        Forbidden. Final.
    """
    caller, owner = _caller(request)
    given = schemas.load(schemas.NewEndpointSchema(), _part(request, "endpoint"))
    _check_url(given["url"], allow_private)
    head = store.head()
    secret = new_secret()
    now = datetime.now(UTC)
    endpoint = Endpoint(
        id=given["id"],
        owner=caller.key_id,
        url=given["url"],
        description=given.get("description", ""),
        filter=confined(schemas.to_filter(given.get("filter", {})), caller),
        state=State.ACTIVE,
        last_position=_start(request.get("from"), head),
        failures=0,
        next_attempt_at=now,
        last_error=None,
        secrets=(Secret(sealer.seal(secret, given["id"])),),
        created_at=now,
        updated_at=now,
    )

    def work(tx: Tx) -> bool:
        Owners(store).admit(tx, endpoint.owner)
        count = store.count_endpoints(tx, endpoint.owner, besides=endpoint.id)
        if count >= ENDPOINTS_OF_ONE:
            raise Refused("TOO_MANY_WEBHOOKS", limit=ENDPOINTS_OF_ONE)
        return store.insert_endpoint(tx, endpoint)

    if store.transact(work):
        return {"endpoint": schemas.dump_endpoint(endpoint, head), "secret": secret}
    existing = store.endpoint(given["id"], owner)
    if existing is None or existing.state is State.DELETED:
        raise Refused("ID_TAKEN")
    return {"endpoint": schemas.dump_endpoint(existing, head), "secret": None}


def update_endpoint(request: Request, store: NotificationStore, *, allow_private: bool) -> Answer:
    """Change `endpoint` {id, url?, description?, filter?, paused?}; absent fields stay.

    A new url or `paused: false` forgets past failures and tries at once, from the cursor where the
    endpoint stands: nothing is skipped. A `push_id` under which it was done changes nothing.

    Returns: `endpoint`. Raises: Refused INVALID_INPUT or KEY_REVOKED, NotFound, Conflict. Final.
    """
    caller, owner = _caller(request)
    given = schemas.load(schemas.EndpointChangesSchema(), _part(request, "endpoint"))
    seen = _usable(store, given["id"], owner)
    now = datetime.now(UTC)
    changes: dict[str, Any] = {
        name: given[name] for name in ("url", "description") if name in given
    }
    if "filter" in given:
        changes["filter"] = confined(schemas.to_filter(given["filter"]), caller)
    if "url" in given:
        _check_url(given["url"], allow_private)
    resumed = given.get("paused") is False
    if resumed or "url" in given:
        changes |= {"failures": 0, "last_error": None, "next_attempt_at": now}
    if resumed or ("url" in given and seen.state is State.FAILING):
        changes["state"] = State.ACTIVE
    if given.get("paused"):
        changes["state"] = State.PAUSED
    changed = store.once(
        "endpoint/update", request.get("push_id"), lambda tx: _changed(store, tx, seen, changes)
    )
    return {"endpoint": _dumped(changed or seen, store)}


def delete_endpoint(request: Request, store: NotificationStore) -> Answer:
    """Delete the endpoint `id`: it is never posted to again and its secrets are gone; its attempts
    stay readable for their 30 days.

    Returns: `id`, also where it was deleted before under this `push_id`. Raises: NotFound,
        Conflict. Final.
    """
    _, owner = _caller(request)

    def work(tx: Tx) -> None:
        seen = _present(store, request.get("id"), owner)
        _changed(store, tx, seen, {"state": State.DELETED, "secrets": ()})
        store.drop_resends([seen.id], tx)

    store.once("endpoint/delete", request.get("push_id"), work)
    return {"id": request.get("id")}


def revoke_owners(request: Request, store: NotificationStore) -> Answer:
    """Close all endpoints of the keys `owners` (at most 500) for good, as the keys were revoked:
    they are never posted to again, cannot be resumed, and their secrets are gone. These keys get no
    new ones. May be repeated.

    Returns: `closed`, how many endpoints were closed now.
    Raises: Forbidden unless an operator asks; Refused MALFORMED. Final.
    """
    if _caller(request)[0].role != "operator":
        raise Forbidden
    owners = request.get("owners")
    if not isinstance(owners, list) or not 1 <= len(owners) <= OWNERS_AT_ONCE:
        raise Refused("MALFORMED")
    if not all(isinstance(each, str) for each in owners):
        raise Refused("MALFORMED")
    return {"closed": Owners(store).revoke(owners)}


def rotate_secret(request: Request, store: NotificationStore, sealer: Sealer) -> Answer:
    """Give the endpoint `id` a new secret; for 24 hours both sign. A second rotation within them
    ends the oldest at once.

    Returns: `endpoint`, and `secret`, which is shown this once; None if it was made before under
        this `push_id`. Raises: Refused KEY_REVOKED, NotFound, Conflict. Final.
    """
    _, owner = _caller(request)
    seen = _usable(store, request.get("id"), owner)
    secret = new_secret()
    secrets = (
        Secret(sealer.seal(secret, seen.id)),
        replace(seen.secrets[0], expires_at=datetime.now(UTC) + ROTATION_OVERLAP),
    )
    changed = store.once(
        "endpoint/rotate",
        request.get("push_id"),
        lambda tx: _changed(store, tx, seen, {"secrets": secrets}),
    )
    return {"endpoint": _dumped(changed or seen, store), "secret": secret if changed else None}


def list_endpoints(request: Request, store: NotificationStore) -> Answer:
    """A page (`shared.paging`) of the caller's endpoints; of `ids` alone where given."""
    _, owner = _caller(request)
    ids = asked_for(request.get("ids"), "ids")
    page = store.list_endpoints(owner, Asked.of(request), ids)
    head = store.head()
    return page.answer(lambda endpoint: schemas.dump_endpoint(endpoint, head))


def list_attempts(request: Request, store: NotificationStore) -> Answer:
    """A page (`shared.paging`) of what was tried for `endpoint_id`, deleted or not, newest first.
    Raises: NotFound (final)."""
    _, owner = _caller(request)
    endpoint = store.endpoint(str(request.get("endpoint_id")), owner)
    if endpoint is None:
        raise NotFound
    return store.list_attempts(endpoint.id, Asked.of(request)).answer(schemas.dump_attempt)


def resend(request: Request, store: NotificationStore) -> Answer:
    """Send items again: `positions`, or all from `from` to `to`, both included; at most 500.

    Only what the endpoint was brought past already and still wants is sent; the rest comes by
    itself. Each is sent under the `webhook-id` it always had.

    Returns: `queued`, how many: 0 if they were before under this `push_id`.
    Raises: Refused INVALID_INPUT or KEY_REVOKED, NotFound. Final.
    """
    _, owner = _caller(request)
    given = schemas.load(
        schemas.ResendSchema(),
        {
            "id": request.get("endpoint_id"),
            "positions": request.get("positions"),
            "start": request.get("from"),
            "end": request.get("to"),
        },
    )
    endpoint = _usable(store, given["id"], owner)
    wanted = [each for each in _asked(given) if each <= endpoint.last_position]
    positions = [item.position for item in store.matching(wanted, endpoint.filter)]

    def work(tx: Tx) -> int:
        store.queue_resends(tx, endpoint.id, positions, datetime.now(UTC))
        return len(positions)

    return {"queued": store.once("endpoint/resend", request.get("push_id"), work) or 0}


def _caller(request: Request) -> tuple[Caller, str | None]:
    """The caller, and whose endpoints it may touch (None: everybody's)."""
    caller = Caller.of(request)
    if not caller.key_id:
        raise Forbidden
    return caller, None if caller.role == "operator" else caller.key_id


def _part(request: Request, name: str) -> Mapping[str, Any]:
    part = request.get(name)
    if not isinstance(part, Mapping):
        raise Refused("MALFORMED")
    return part


def _present(store: NotificationStore, endpoint_id: Any, owner: str | None) -> Endpoint:
    endpoint = store.endpoint(str(endpoint_id), owner)
    if endpoint is None or endpoint.state is State.DELETED:
        raise NotFound
    return endpoint


def _usable(store: NotificationStore, endpoint_id: Any, owner: str | None) -> Endpoint:
    endpoint = _present(store, endpoint_id, owner)
    if endpoint.state is State.REVOKED:
        raise Refused("KEY_REVOKED")
    return endpoint


def _changed(
    store: NotificationStore, tx: Tx, seen: Endpoint, changes: Mapping[str, Any]
) -> Endpoint:
    changed = store.change_endpoint(tx, seen, **changes, updated_at=datetime.now(UTC))
    if changed is None:
        raise Conflict
    return changed


def _dumped(endpoint: Endpoint, store: NotificationStore) -> Answer:
    return schemas.dump_endpoint(endpoint, store.head())


def _check_url(url: str, allow_private: bool) -> None:
    if code := posting.url_problem(url, allow_private=allow_private):
        raise schemas.refused({"url": [code]})


def _start(given: Any, head: int) -> int:
    if given in (None, "now"):
        return head
    position = 0 if given == "beginning" else schemas.load_position(given)
    if position > head:
        raise Refused("BAD_CURSOR")
    return position


def _asked(given: Mapping[str, Any]) -> Sequence[int]:
    if "positions" in given:
        positions: list[int] = given["positions"]
        return positions
    if "start" not in given or "end" not in given:
        raise schemas.refused({"positions": ["REQUIRED"]})
    start, end = given["start"], given["end"]
    if not start <= end < start + schemas.RESEND_LIMIT:
        limit = start + schemas.RESEND_LIMIT - 1
        raise schemas.refused(
            {"to": [{"code": "OUT_OF_RANGE", "params": {"low": start, "high": limit}}]}
        )
    return range(start, end + 1)
