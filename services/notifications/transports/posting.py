"""One bounded POST to a third party's server.

Owns what the house dares to connect to. The address is checked where the connection is opened and
that very address is connected to, so a name that resolves to something else a moment later gains
nothing. No redirect is followed, no proxy variable read, no answer read beyond 4 kB, and nothing
takes longer than 15 s in all, however slowly the other side drips.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

CONNECT_TIMEOUT_S: Final = 5.0
TOTAL_TIMEOUT_S: Final = 15.0
ANSWER_LIMIT_BYTES: Final = 4096
_KEEP_ALIVE_S: Final = 30.0
# Its DEBUG lines show whole URLs, and people put tokens into those.
logging.getLogger("httpcore").setLevel(logging.INFO)

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressRefused(OSError):
    """The host is, or resolves to, an address that is not public."""


class NameNotResolved(OSError):
    """The host has no address now."""


@dataclass(frozen=True, slots=True)
class HttpOutcome:
    """What a POST came to. `status` is None where none arrived; `error` None means 2xx."""

    status: int | None
    error: str | None
    duration_ms: int
    retry_after_s: float | None = None


class Poster:
    """Posts over kept-alive connections; safe to share between (green) threads."""

    def __init__(
        self,
        *,
        allow_private: bool = False,
        ssl_context: ssl.SSLContext | None = None,
        total_timeout_s: float = TOTAL_TIMEOUT_S,
        max_connections: int = 100,
    ) -> None:
        self._allow_private = allow_private
        self._deadline = _Deadline(total_timeout_s)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or ssl.create_default_context(),
            network_backend=_GuardedBackend(self._deadline, allow_private=allow_private),
            max_connections=max_connections,
            keepalive_expiry=_KEEP_ALIVE_S,
        )

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpOutcome:
        """POST the body. Never raises for what the receiver or the network does."""
        self._deadline.start()
        if not (self._allow_private or url.startswith("https:")):
            return self._failed("URL_NOT_HTTPS")  # stored when it was still allowed
        try:
            with self._pool.stream(
                "POST",
                url,
                headers=[*headers.items(), ("content-length", str(len(body)))],
                content=body,
                extensions={"timeout": {"pool": self._deadline.remaining_s()}},
            ) as response:
                _read_some(response)
                return HttpOutcome(
                    status=response.status,
                    error=_status_error(response.status),
                    duration_ms=self._deadline.elapsed_ms(),
                    retry_after_s=_retry_after_s(response.headers),
                )
        except (httpcore.TimeoutException, httpcore.NetworkError, OSError) as error:
            return self._failed(_network_error(error))
        except httpcore.ProtocolError:
            return self._failed("BAD_ANSWER")
        except (httpcore.UnsupportedProtocol, UnicodeError, ValueError):
            return self._failed("INVALID_URL")

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _failed(self, error: str) -> HttpOutcome:
        return HttpOutcome(status=None, error=error, duration_ms=self._deadline.elapsed_ms())


def url_problem(url: str, *, allow_private: bool) -> str | None:
    """The code of what is wrong with a webhook's URL as such, None if nothing is.

    A name is not resolved here: what it means is checked anew at each connection.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "INVALID_URL"
    printable = url.isascii() and url.isprintable() and " " not in url
    if not host or not printable or port == 0 or parts.username is not None or parts.fragment:
        return "INVALID_URL"
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http"):
        return "URL_NOT_HTTPS"
    with suppress(ValueError):
        if not allow_private and not is_public(host):
            return "ADDRESS_NOT_PUBLIC"
    return None


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, IPv4 hidden in IPv6 included."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.teredo is not None:
            return False
        hidden = ip.ipv4_mapped or ip.sixtofour
        if hidden is None and ip in _NAT64:
            hidden = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if hidden is not None:
            return is_public(str(hidden))
        if ip.is_site_local:  # deprecated, and global to Python; routers may still carry it inside
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class _Deadline:
    """The end of the POST that the current (green) thread is about."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._local = threading.local()

    def start(self) -> None:
        self._local.started = time.monotonic()

    def elapsed_ms(self) -> int:
        elapsed_s: float = time.monotonic() - self._local.started
        return round(elapsed_s * 1000)

    def remaining_s(self, at_most: float = TOTAL_TIMEOUT_S) -> float:
        """Raises TimeoutError: none is left."""
        left = self._local.started + self._total_s - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return float(min(left, at_most))


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to checked addresses only; every step ends at the deadline."""

    def __init__(self, deadline: _Deadline, *, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # the deadline rules
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._checked(host, port)
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._connected(address, port, local_address, socket_options)
        return self._connected(addresses[-1], port, local_address, socket_options)

    def _checked(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameNotResolved from error
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        if not addresses:
            raise NameNotResolved
        if not self._allow_private and not all(map(is_public, addresses)):
            raise AddressRefused
        return addresses

    def _connected(
        self,
        address: str,
        port: int,
        local_address: str | None,
        socket_options: Iterable[Any] | None,
    ) -> httpcore.NetworkStream:
        timeout_s = self._deadline.remaining_s(CONNECT_TIMEOUT_S)
        stream = self._plain.connect_tcp(address, port, timeout_s, local_address, socket_options)
        return _BoundedStream(stream, self._deadline)


class _BoundedStream(httpcore.NetworkStream):
    """A connection on which no single step outlasts the POST it serves."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._deadline.remaining_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._deadline.remaining_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        timeout_s = self._deadline.remaining_s(CONNECT_TIMEOUT_S)
        secured = self._stream.start_tls(ssl_context, server_hostname, timeout_s)
        return _BoundedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _read_some(response: httpcore.Response) -> None:
    """Read what a short answer holds, so that the connection can serve again.

    The status has come already: what happens to the rest of the answer changes nothing.
    """
    read = 0
    with suppress(
        httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError
    ):
        for chunk in response.iter_stream():
            read += len(chunk)
            if read >= ANSWER_LIMIT_BYTES:
                break  # leaving the rest unread costs the connection, not our memory


def _status_error(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return "REDIRECT" if 300 <= status < 400 else "STATUS"


def _network_error(error: BaseException) -> str:
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    for kind, code in (
        (AddressRefused, "ADDRESS_REFUSED"),
        (NameNotResolved, "NAME_NOT_RESOLVED"),
        (ssl.SSLError, "TLS_FAILED"),
        ((httpcore.TimeoutException, TimeoutError), "TIMEOUT"),
        (httpcore.ConnectError, "CONNECT_FAILED"),
    ):
        if any(isinstance(each, kind) for each in causes):
            return code
    return "CONNECTION_LOST"


def _retry_after_s(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    """Retry-After (RFC 9110, section 10.2.3) in seconds from now; None if absent or malformed."""
    for name, value in headers:
        if name.lower() != b"retry-after":
            continue
        text = value.decode("ascii", "replace").strip()
        if text.isdecimal() and len(text) < 10:
            return float(text)
        with suppress(ValueError):
            when = parsedate_to_datetime(text)
            aware = when if when.tzinfo else when.replace(tzinfo=UTC)
            return max(0.0, (aware - datetime.now(UTC)).total_seconds())
    return None
