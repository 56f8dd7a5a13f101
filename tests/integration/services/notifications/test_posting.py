"""One POST to a third party's server: bounded in time, in size, and in where it goes."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notifications.transports.posting import Poster, is_public, url_problem
from tests.receiver import Receiver, Reply

HEADERS = {"content-type": "application/json"}


@pytest.fixture
def poster() -> Iterator[Poster]:
    made = Poster(allow_private=True, total_timeout_s=1.0)
    yield made
    made.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for `localhost` that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    certificate, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, key_file


def test_a_delivered_post_keeps_its_connection_for_the_next(
    poster: Poster, receiver: Receiver
) -> None:
    answers = [poster.post(receiver.url, HEADERS, b"{}") for _ in range(3)]

    assert [(each.status, each.error) for each in answers] == [(204, None)] * 3
    assert len({each.connection for each in receiver.received}) == 1


def test_a_redirect_is_not_followed(poster: Poster, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(307, {"location": receiver.url})

    answer = poster.post(receiver.url, HEADERS, b"{}")

    assert (answer.status, answer.error) == (307, "REDIRECT")
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_a_refusal_is_told_with_its_status(poster: Poster, receiver: Receiver, status: int) -> None:
    receiver.answer = lambda _: Reply(status)

    answer = poster.post(receiver.url, HEADERS, b"{}")

    assert (answer.status, answer.error) == (status, "STATUS")


def test_retry_after_is_understood_as_seconds_and_as_a_date(
    poster: Poster, receiver: Receiver
) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    waits = []
    for value in ("120", later, "soon", "-5"):
        receiver.answer = lambda _, value=value: Reply(503, {"retry-after": value})  # type: ignore[misc]
        waits.append(poster.post(receiver.url, HEADERS, b"{}").retry_after_s)

    assert waits[0] == 120
    assert waits[1] is not None
    assert 50 < waits[1] <= 60
    assert waits[2:] == [None, None]


def test_a_receiver_that_hangs_is_left_at_the_deadline(poster: Poster, receiver: Receiver) -> None:
    receiver.answer = lambda _: receiver.hang()
    started = time.monotonic()

    answer = poster.post(receiver.url, HEADERS, b"{}")

    assert (answer.status, answer.error) == (None, "TIMEOUT")
    assert 0.9 < time.monotonic() - started < 2


def test_a_receiver_that_drips_its_header_is_left_at_the_deadline(poster: Poster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        drip = _Dripping(server)
        answer = poster.post(f"http://localhost:{server.getsockname()[1]}/", HEADERS, b"{}")
        drip.join()

    assert answer.error == "TIMEOUT"
    assert time.monotonic() - started < 2


def test_a_long_answer_is_not_read_to_its_end(poster: Poster, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(200, body=b"x" * 1_000_000)

    answers = [poster.post(receiver.url, HEADERS, b"{}") for _ in range(2)]

    assert [(each.status, each.error) for each in answers] == [(200, None)] * 2
    assert len({each.connection for each in receiver.received}) == 2, "left unread, so closed"


def test_what_keeps_a_post_from_arriving_is_named(poster: Poster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert poster.post(f"http://127.0.0.1:{port}/", HEADERS, b"").error == "CONNECT_FAILED"
    assert poster.post("http://no.such.host.invalid/", HEADERS, b"").error == "NAME_NOT_RESOLVED"
    assert poster.post("ftp://localhost/", HEADERS, b"").error == "INVALID_URL"


def test_tls_is_verified_for_the_name_in_the_url(certificate: tuple[Path, Path]) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(*certificate)
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with Receiver(tls=server_side) as receiver:
        good = Poster(allow_private=True, ssl_context=trusting).post(receiver.url, HEADERS, b"{}")
        other = Poster(allow_private=True, ssl_context=trusting).post(
            receiver.url.replace("localhost", "127.0.0.1"), HEADERS, b"{}"
        )
        stranger = Poster(allow_private=True).post(receiver.url, HEADERS, b"{}")

    assert (good.status, good.error) == (204, None)
    assert other.error == stranger.error == "TLS_FAILED"
    assert len(receiver.received) == 1


def test_no_connection_is_opened_to_a_private_address(receiver: Receiver) -> None:
    poster = Poster(allow_private=False)

    for host in ("localhost", "127.0.0.1", "[::1]", "0.0.0.0"):
        answer = poster.post(f"https://{host}:{receiver.port}/", HEADERS, b"{}")
        assert answer.error == "ADDRESS_REFUSED", host
    assert poster.post("http://example.org/", HEADERS, b"{}").error == "URL_NOT_HTTPS"
    assert receiver.received == []


def test_a_name_that_changes_its_mind_gains_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first lookup says something public, any later one the loopback."""
    answers = iter(["93.184.215.14"])
    lookups: list[str] = []
    connected: list[str] = []

    def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        lookups.append(host)
        address = next(answers, "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", connect)

    answer = Poster().post(f"https://rebinding.example:{receiver.port}/", HEADERS, b"{}")

    assert answer.error == "CONNECT_FAILED"
    assert connected == ["93.184.215.14"]
    assert lookups == ["rebinding.example"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2a00:1450:4001:80b::200e", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("::ffff:169.254.169.254", False),
        ("::127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::808:808", True),
        ("fec0::1", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, public: bool) -> None:
    ipaddress.ip_address(address)
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://example.org/hook?a=1", None),
        ("https://example.org:8443/hook", None),
        ("http://example.org/hook", "URL_NOT_HTTPS"),
        ("ftp://example.org/", "URL_NOT_HTTPS"),
        ("https://169.254.169.254/latest", "ADDRESS_NOT_PUBLIC"),
        ("https://[::1]/", "ADDRESS_NOT_PUBLIC"),
        ("https://user:word@example.org/", "INVALID_URL"),
        ("https://example.org/#part", "INVALID_URL"),
        ("https://example.org:99999/", "INVALID_URL"),
        ("https:///hook", "INVALID_URL"),
        ("example.org/hook", "INVALID_URL"),
        ("https://exa mple.org/", "INVALID_URL"),
        ("https://example.org/\r\nx: y", "INVALID_URL"),
    ],
)
def test_urls_are_judged_before_they_are_stored(url: str, problem: str | None) -> None:
    assert url_problem(url, allow_private=False) == problem


class _Dripping:
    """Takes one connection and sends a header byte by byte until the other side has gone."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._thread = threading.Thread(target=self._drip, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(5)
        assert not self._thread.is_alive(), "the sender never hung up"

    def _drip(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
                for _ in range(100):
                    connection.sendall(b"z")
                    time.sleep(0.1)  # the drip itself, not a wait for something to happen
            except OSError:
                return
