"""Private networks are refused, and no answer takes longer or more than it may."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pytest_django import Settings

from hooks import connection
from hooks.connection import AddressRefused, check_address, check_url, post
from tests.hooks.receiver import Receiver, receiver

PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14")
PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
    *("224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.0.8", "192.88.99.1", "240.0.0.1"),
    *("::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "fd00:ec2::254"),
)


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest.fixture
def _public_only(settings: Settings) -> None:
    settings.STORE_WEBHOOKS_PRIVATE = False


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TOTAL_SECONDS", 0.4)


@pytest.mark.usefixtures("_public_only")
class TestAddresses:
    @pytest.mark.parametrize("address", PUBLIC)
    def test_public_ones_are_allowed(self, address: str) -> None:
        check_address(ip_address(address))

    @pytest.mark.parametrize("address", PRIVATE)
    def test_private_ones_are_refused(self, address: str) -> None:
        with pytest.raises(AddressRefused):
            check_address(ip_address(address))
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(AddressRefused):
            check_url(f"https://{host}/")

    def test_a_name_is_refused_when_it_is_resolved(self, server: Receiver) -> None:
        with pytest.raises(AddressRefused):
            post(server.url.replace("127.0.0.1", "localhost"), b"{}", {})
        for spelling in ("2130706433", "0x7f.1", "127.1"):
            with pytest.raises(AddressRefused):
                post(server.url.replace("127.0.0.1", spelling), b"{}", {})
        assert server.received == []

    def test_one_private_address_among_public_ones_is_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            socket, "getaddrinfo", lambda *_, **__: [address_info(PUBLIC[0]), address_info("10.0.0.1")]
        )
        monkeypatch.setattr(socket.socket, "connect", forbidden)
        with pytest.raises(AddressRefused):
            post("https://shop.example/", b"{}", {})

    def test_the_checked_address_is_the_one_that_is_connected_to(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """DNS rebinding: the second look at the name would find a private address."""
        answers = iter([[address_info(PUBLIC[0])], [address_info("127.0.0.1")]])
        connected: list[Any] = []

        def connect(_: socket.socket, place: Any) -> None:
            connected.append(place)
            raise ConnectionRefusedError

        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: next(answers))
        monkeypatch.setattr(socket.socket, "connect", connect)
        with pytest.raises(ConnectionRefusedError):
            post("https://shop.example/", b"{}", {})
        assert connected == [(PUBLIC[0], 443)]
        assert len(list(answers)) == 1


def address_info(address: str) -> Any:
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)


def forbidden(*_: Any) -> None:
    raise AssertionError("No connection may be opened.")


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            *("ftp://shop.example/", "//shop.example/", "shop.example", "https://", "file:///etc/passwd"),
            *("https://ada:password@shop.example/", "https://shop.example/#x", "https://shop.example:99999/"),
            *(
                "https://shop.example/a b",
                "https://shöp.example/",
                "https://[::1",
                "https://shop.example/\nX: y",
            ),
        ],
    )
    def test_what_is_not_accepted(self, url: str) -> None:
        with pytest.raises(AddressRefused):
            check_url(url)

    def test_a_query_right_after_the_host(self, server: Receiver) -> None:
        """A path must stand before it in the request's first line, which other servers refuse without."""
        post(server.url.replace("/hook", ""), b"{}", {})
        assert [received.path for received in server.received] == ["/?shop=1"]

    def test_only_https_in_production(self, settings: Settings) -> None:
        check_url("http://shop.example/")
        settings.WEBHOOKS_BY_HTTP = False
        with pytest.raises(AddressRefused, match="https://"):
            check_url("http://shop.example/")
        check_url("https://shop.example:8443/hook?x=1")

    def test_private_networks_if_the_settings_allow_them(self, settings: Settings) -> None:
        settings.STORE_WEBHOOKS_PRIVATE = True
        check_url("https://10.0.0.1/")


class TestPost:
    def test_sends_and_returns_the_answer(self, server: Receiver) -> None:
        server.status, server.answer = 201, "Danke schön\x00\n".encode()
        answer = post(server.url, b'{"a":1}', {"Content-Type": "application/json"})
        assert (answer.status, answer.text, answer.is_success) == (201, "Danke schön", True)
        [received] = server.received
        assert (received.path, received.body) == ("/hook?shop=1", b'{"a":1}')
        assert received.headers["host"] == server.url.split("/")[2]

    def test_follows_no_redirect(self, server: Receiver) -> None:
        server.status, server.location = 307, server.url
        answer = post(server.url, b"{}", {})
        assert (answer.status, answer.is_success) == (307, False)
        assert len(server.received) == 1

    def test_uses_no_proxy_of_the_environment(
        self, server: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        assert post(server.url, b"{}", {}).is_success

    @pytest.mark.usefixtures("_hurried")
    def test_a_server_that_hangs_is_left(self, server: Receiver) -> None:
        server.slow = 2
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="No answer within"):
            post(server.url, b"{}", {})
        assert time.monotonic() - began < 1.5

    @pytest.mark.usefixtures("_hurried")
    def test_so_is_one_that_sends_its_headers_byte_by_byte(self) -> None:
        """Each byte begins the timeout of a socket anew."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            Thread(target=drip, args=(listening,), daemon=True).start()
            began = time.monotonic()
            with pytest.raises(TimeoutError, match="No answer within"):
                post(f"http://127.0.0.1:{listening.getsockname()[1]}/", b"{}", {})
            assert time.monotonic() - began < 1.5

    @pytest.mark.usefixtures("_hurried")
    def test_a_body_that_drips_takes_no_longer(self, server: Receiver) -> None:
        server.status, server.answer, server.drips = 200, b"x" * 100, 0.1
        began = time.monotonic()
        assert post(server.url, b"{}", {}).is_success
        assert time.monotonic() - began < 1.5

    def test_no_more_is_read_than_is_kept(self, server: Receiver) -> None:
        server.status, server.answer = 200, b"x" * 10_000
        assert len(post(server.url, b"{}", {}).text) == connection.MOST_BYTES

    def test_a_closed_port_is_an_error(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            post(f"http://127.0.0.1:{port}/", b"{}", {})


def drip(listening: socket.socket) -> None:
    client, _ = listening.accept()
    with client:
        try:
            for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 1000:
                client.sendall(bytes([byte]))
                time.sleep(0.1)
        except OSError:
            return


class TestTLS:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        """A certificate for localhost that nobody but a test trusts, with its key in the same file."""
        file = tmp_path / "tls.pem"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
                *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
                *("-keyout", str(file), "-out", str(tmp_path / "certificate.pem")),
            ],
            check=True,
            capture_output=True,
        )
        with file.open("a") as both:
            both.write((tmp_path / "certificate.pem").read_text())
        return file

    @pytest.fixture
    def port(self, certificate: Path) -> Iterator[int]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        with Receiver() as server:
            server.socket = context.wrap_socket(server.socket, server_side=True)
            Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield server.server_address[1]
            server.shutdown()

    def test_a_certificate_that_nobody_vouches_for_is_refused(self, port: int) -> None:
        with pytest.raises(ssl.SSLCertVerificationError):
            post(f"https://localhost:{port}/", b"{}", {})

    def test_the_name_of_the_url_is_checked(
        self, port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(connection, "tls", lambda: context)
        assert post(f"https://localhost:{port}/", b"{}", {}).is_success
        with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
            post(f"https://127.0.0.1:{port}/", b"{}", {})
