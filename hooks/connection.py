"""HTTP to addresses of strangers: private networks are refused, and time and size of an answer are bounded.

The name is resolved once, each of its addresses is checked, and the connection goes to a checked one. So a name that
resolves to another address a moment later (DNS rebinding) gains nothing. Redirects are not followed, and proxies of the
environment are not used: they would resolve the name again.
"""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

CONNECT_SECONDS = 4.0
TOTAL_SECONDS = 10.0
# What is read of an answer.
MOST_BYTES = 2000
# Ranges that ipaddress calls global, at least in some versions of Python, but that lead elsewhere: those that embed
# IPv4 addresses (NAT64, 6to4, Teredo), and some for protocols and documentation.
MISLEADING = [
    ip_network(text)
    for text in (
        *("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "5f00::/16", "3fff::/20"),
        *("192.0.0.0/24", "192.88.99.0/24"),
    )
]


class AddressRefused(OSError):
    """The URL leads to a private network, or is not one that the settings allow."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The status of an answer, and its beginning as printable text."""

    status: int
    text: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def check_url(url: str) -> SplitResult:
    """Check all of a URL that can be checked without resolving its name, and return its parts.

    Raises: AddressRefused.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressRefused("This is not a URL.") from error
    schemes = ("https", "http") if settings.WEBHOOKS_BY_HTTP else ("https",)
    if parts.scheme not in schemes or not host:
        raise AddressRefused(f"Enter a URL that begins with {' or '.join(f'{name}://' for name in schemes)}.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise AddressRefused("A URL with a name, a password or a fragment is not accepted.")
    if not url.isascii() or any(character.isspace() or not character.isprintable() for character in url):
        raise AddressRefused("Write other characters as in the address bar: xn--… and %20.")
    with suppress(ValueError):
        check_address(ip_address(host))
    return parts


def check_address(address: IPv4Address | IPv6Address) -> None:
    """Check that an address is in a public network, unless the settings allow private ones.

    Raises: AddressRefused.
    """
    if settings.STORE_WEBHOOKS_PRIVATE:
        return
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) and address.ipv4_mapped else address
    is_special = inner.is_multicast or inner.is_reserved or getattr(inner, "is_site_local", False)
    if not inner.is_global or is_special or any(inner in network for network in MISLEADING):
        raise AddressRefused(
            f"{address} is in a private network. STORE_WEBHOOKS_PRIVATE allows such addresses."
        )


def connect(host: str, port: int) -> socket.socket:
    """Resolve the name, check all of its addresses, and connect to the first that answers.

    Raises: AddressRefused; OSError, if none of the first two answers.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, place in found:
        check_address(ip_address(str(place[0])))
    failure: OSError = OSError(f"{host} has no address.")
    for family, kind, protocol, _, place in found[:2]:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(place)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


@cache
def tls() -> ssl.SSLContext:
    """Check certificates by those of the system, or of SSL_CERT_FILE."""
    return ssl.create_default_context()


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post the body, and return the answer. Once connected, it takes TOTAL_SECONDS at most.

    Raises: AddressRefused; OSError or HTTPException, if there is no answer in time.
    """
    parts = check_url(url)
    host = parts.hostname or ""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sock = connect(host, parts.port or (443 if parts.scheme == "https" else 80))
    with sock, time_limit(sock):
        sock.settimeout(TOTAL_SECONDS)
        # It connects by itself only if it has no socket. The host of the URL is its Host header.
        connection = HTTPConnection(host, parts.port)
        connection.sock = tls().wrap_socket(sock, server_hostname=host) if parts.scheme == "https" else sock
        with closing(connection):
            connection.request("POST", target, body, {**headers, "Connection": "close"})
            response = connection.getresponse()
            text = ""
            with suppress(OSError, HTTPException):  # the status says all that matters
                text = response.read(MOST_BYTES).decode(errors="replace")
    return Answer(status=response.status, text=printable(text))


@contextmanager
def time_limit(sock: socket.socket) -> Iterator[None]:
    """Shut the connection down after TOTAL_SECONDS: a timeout of sockets would begin anew with each byte.

    Raises: TimeoutError.
    """
    is_over = Event()
    # A handle of its own: TLS replaces the socket, and one that is closed must not name another's connection.
    with sock.dup() as handle:

        def end() -> None:
            is_over.set()
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

        timer = Timer(TOTAL_SECONDS, end)
        timer.start()
        try:
            yield
        except (OSError, HTTPException) as error:
            if is_over.is_set():
                raise TimeoutError(f"No answer within {TOTAL_SECONDS:.0f} seconds.") from error
            raise
        finally:
            timer.cancel()
            timer.join()


def printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()
