"""The files in deploy/, changed only in addresses and certificates, in front of the production server."""

import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

import pytest
from django.conf import settings

from demo.purchase.store import free_port
from packages.answer_cache.tests.servers import wait_for
from tests.benchmarks.load.server import serving

pytestmark = pytest.mark.slow

DEPLOY: Path = settings.BASE_DIR / "deploy"
HOST = "127.0.0.1"
START_SECONDS = 30
THREADS = 4  # of the store's only worker
SLOW = 6  # seconds that a slow request takes
SECURE = {
    "nginx": True,
    "caddy": False,
    "haproxy": True,
}  # Caddy would ask for a certificate, so it speaks HTTP here


@dataclass(frozen=True, kw_only=True)
class Proxy:
    name: str
    port: int

    def ask(self, path: str = "/echo", **headers: str) -> str:
        """Send the headers byte for byte, and return the whole answer, head and body."""
        sent = {"Host": "shop.example", "Connection": "close", **headers}
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        return self.send("\r\n".join(lines).encode("latin-1"))

    def connect(self) -> socket.socket:
        plain = socket.create_connection((HOST, self.port), timeout=10)
        return wrap_tls(plain) if SECURE[self.name] else plain

    def send(self, request: bytes) -> str:
        with self.connect() as connection:
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return answer.decode("latin-1")

    def echo(self, **headers: str) -> dict[str, object]:
        """Return the store's view of the request."""
        head, _, body = self.ask(**headers).partition("\r\n\r\n")
        assert head.startswith("HTTP/1.1 200"), head
        found: dict[str, object] = json.loads(body[body.index("{") : body.rindex("}") + 1])
        return found


def wrap_tls(plain: socket.socket) -> socket.socket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname="shop.example")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate, and with a picture in media/."""
    folder = tmp_path_factory.mktemp("deploy")
    folder.chmod(0o755)
    (folder / "media").mkdir()
    (folder / "media/picture.webp").write_bytes(b"a picture")
    key, certificate = folder / "shop.example.key", folder / "shop.example.crt"
    subject = ["-nodes", "-days", "2", "-subj", "/CN=shop.example", "-newkey", "rsa:2048"]
    command: list[str | Path] = ["openssl", "req", "-x509", *subject, "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "shop.example.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
    return folder


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[int]:
    """The port of a store with the settings that the files name."""
    with serving(
        "tests.deploy.echo:application", environment=environment(folder), log=folder / "store.log"
    ) as server:
        yield server.port


def environment(folder: Path) -> dict[str, str]:
    return {
        **proxy_settings(),
        "DEBUG": "false",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "backend.settings",
        "SECRET_KEY": "of-the-test",
        "STRIPE_SECRET_KEY": "sk_test_of_the_test",
        "STRIPE_WEBHOOK_SECRETS": "whsec_of_the_test",
    }


def proxy_settings() -> dict[str, str]:
    """Return the settings that the three files name at the top, which must be the same."""
    [found] = {
        tuple(re.findall(r"^#   ([A-Z_]+)=(\S+)$", file.read_text(), re.MULTILINE)) for file in files()
    }
    assert len(found) == 5
    return dict(found)


def files() -> list[Path]:
    return [DEPLOY / name for name in ("nginx.conf", "Caddyfile", "haproxy.cfg")]


@contextmanager
def start_proxy(name: str, *, folder: Path, store: int, second: int | None = None) -> Iterator[Proxy]:
    """Start the proxy in front of a store; HAProxy in front of a second one, too."""
    program = shutil.which(
        name, path=f"{sys.exec_prefix}/bin:/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
    )
    if not program:
        pytest.skip(
            f"NOT TESTED: THE FILE FOR {name.upper()} IN deploy/. INSTALL {name} (Debian: apt-get install)."
        )
    port, other = free_port(), free_port()
    text = {"nginx": nginx, "caddy": caddy, "haproxy": haproxy}[name](port=port, other=other, folder=folder)
    assert "127.0.0.1:8000" in text
    if second:
        one = "server store 127.0.0.1:8000"
        text = text.replace(one, f"{one}\n    server second {HOST}:{second}")
    file = folder / name
    file.write_text(text.replace("127.0.0.1:8000", f"{HOST}:{store}"))
    commands: dict[str, tuple[list[str | Path], list[str | Path]]] = {
        "nginx": (["-t", "-p", folder, "-c", file], ["-p", folder, "-c", file, "-g", "daemon off;"]),
        "caddy": (
            ["validate", "--adapter", "caddyfile", "--config", file],
            ["run", "--adapter", "caddyfile", "--config", file],
        ),
        "haproxy": (["-c", "-f", file], ["-db", "-f", file]),
    }
    check, run = commands[name]
    checked = subprocess.run([program, *check], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with (
        (folder / f"{name}.log").open("wb") as log,
        subprocess.Popen(
            [program, *run], stdout=log, stderr=subprocess.STDOUT, env={"HOME": str(folder)}
        ) as process,
    ):
        try:
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    socket.create_connection((HOST, port), timeout=1).close()
                    break
                except OSError:
                    assert process.poll() is None, (folder / f"{name}.log").read_text()
                    assert time.monotonic() < deadline
                    time.sleep(0.05)
            yield Proxy(name=name, port=port)
        finally:
            process.terminate()


def nginx(*, port: int, other: int, folder: Path) -> str:
    text = (DEPLOY / "nginx.conf").read_text()
    text = re.sub(r"listen \[::\]:.*\n", "", text)
    text = text.replace("listen 80;", f"listen {HOST}:{other};").replace(
        "listen 443", f"listen {HOST}:{port}"
    )
    text = text.replace("/etc/ssl/", f"{folder}/").replace("shop.example.pem", "shop.example.crt")
    text = text.replace("/srv/store/media/", f"{folder}/media/")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy"))
    user = "user root;\n" if folder.owner() == "root" else ""
    return f"{user}pid {folder}/nginx.pid;\nerror_log stderr;\n" + text.replace(
        "http {", f"http {{\naccess_log off;\n{temporary}"
    )


def caddy(*, port: int, other: int, folder: Path) -> str:
    text = (DEPLOY / "Caddyfile").read_text().replace("/srv/store/media", f"{folder}/media")
    if installed_caddy() < (2, 7):  # Debian 12 has 2.6
        text = text.replace("request_buffers 1MiB", "buffer_requests")
    text = text.replace("\n{\n", "\n{\n\tadmin off\n\tauto_https off\n")
    return text.replace("\nshop.example {", f"\nhttp://:{port} {{")


def installed_caddy() -> tuple[int, ...]:
    version = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", version)[:2]))


def haproxy(*, port: int, other: int, folder: Path) -> str:
    text = (DEPLOY / "haproxy.cfg").read_text().replace("/etc/ssl/", f"{folder}/")
    return text.replace("bind :80\n", f"bind {HOST}:{other}\n").replace("bind :443", f"bind {HOST}:{port}")


@pytest.fixture(scope="module", params=["nginx", "caddy", "haproxy"])
def proxy(request: pytest.FixtureRequest, folder: Path, store: int) -> Iterator[Proxy]:
    with start_proxy(request.param, folder=folder, store=store) as proxy:
        yield proxy


class TestForwarded:
    def test_the_client_and_the_scheme(self, proxy: Proxy) -> None:
        told = proxy.echo()
        assert told["client"] == HOST
        assert told["scheme"] == ("https" if SECURE[proxy.name] else "http")

    @pytest.mark.parametrize(
        "name", ["Storeclient", "STORECLIENT", "storeclient", "Store_client", "Store-Client"]
    )
    def test_nobody_forges_an_address(self, proxy: Proxy, name: str) -> None:
        assert proxy.echo(**{name: "203.0.113.9"})["client"] == HOST

    @pytest.mark.parametrize(
        "name", ["X-Forwarded-For", "X_Forwarded_For", "X-Forwarded_For", "X_FORWARDED_FOR", "Forwarded"]
    )
    def test_no_other_header_is_an_address(self, proxy: Proxy, name: str) -> None:
        assert proxy.echo(**{name: "203.0.113.9"})["client"] == HOST

    @pytest.mark.parametrize("name", ["Storescheme", "STORESCHEME", "X-Forwarded-Proto", "X_Forwarded_Proto"])
    def test_nobody_forges_the_scheme(self, proxy: Proxy, name: str) -> None:
        for scheme in ("http", "https"):
            assert proxy.echo(**{name: scheme})["scheme"] == ("https" if SECURE[proxy.name] else "http")


class TestCookies:
    @pytest.mark.parametrize("value", ["Zürich", "Z\xc3\xbcrich", "\xff", "日本".encode().decode("latin-1")])
    def test_a_byte_beyond_ascii_signs_nobody_out(self, proxy: Proxy, value: str) -> None:
        for cookie in (f"city={value}; sessionid=abc", f"sessionid=abc; city={value}"):
            cookies = proxy.echo(Cookie=cookie)["cookies"]
            assert isinstance(cookies, dict)
            assert cookies["sessionid"] == "abc"

    def test_others_arrive_as_they_are(self, proxy: Proxy) -> None:
        assert proxy.echo(Cookie="a=b; sessionid=abc; c=d")["cookies"] == {
            "a": "b",
            "sessionid": "abc",
            "c": "d",
        }
        assert proxy.echo()["cookies"] == {}


class TestBodies:
    def test_the_stores_refusal_of_a_large_one_arrives(self, proxy: Proxy) -> None:
        head = (
            "POST /graphql/ HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n"
            "Connection: close\r\nContent-Length: 2000000\r\n\r\n"
        )
        answer = proxy.send(head.encode() + b" " * 2_000_000)
        assert answer.startswith("HTTP/1.1 413"), answer
        assert "at most 1048576 bytes" in answer

    def test_one_that_stalls_holds_no_thread(self, proxy: Proxy) -> None:
        head = (
            "POST /graphql/ HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n"
            "Content-Length: 1000\r\n\r\n{"
        )
        with ExitStack() as stalled:
            for _ in range(2 * THREADS):
                stalled.enter_context(proxy.connect()).sendall(head.encode())
            time.sleep(0.5)
            began = time.monotonic()
            assert proxy.echo()["client"] == HOST
            assert time.monotonic() - began < 5


class TestMedia:
    def test_pictures_come_from_the_folder(self, proxy: Proxy) -> None:
        if proxy.name == "haproxy":
            pytest.skip("HAProxy serves no files.")
        answer = proxy.ask("/media/picture.webp")
        assert answer.startswith("HTTP/1.1 200")
        assert answer.endswith("a picture")
        assert "nosniff" in answer
        assert proxy.ask("/media/../db.sqlite3").startswith(("HTTP/1.1 4", "HTTP/1.1 301"))


class TestStopping:
    def test_haproxy_loses_no_request_of_a_store_that_leaves(self, folder: Path, store: int) -> None:
        """As the service of docs/production.md stops: the file, some seconds, and then SIGTERM."""
        file, log = folder / "leaving", folder / "leaving.log"
        drained = {**environment(folder), "STORE_DRAIN_FILE": str(file)}
        with (
            serving("tests.deploy.echo:application", environment=drained, log=log) as leaving,
            start_proxy("haproxy", folder=folder, store=leaving.port, second=store) as proxy,
            ThreadPoolExecutor(4) as pool,
        ):
            own = set(leaving.workers)
            assert {proxy.echo()["process"] for _ in range(4)} & own
            # Each store has one that takes longer than the checks take to find a store down, which would cut it off.
            slow = [pool.submit(proxy.ask, f"/echo?{SLOW}") for _ in range(2)]
            asked = [pool.submit(ask_for, proxy, seconds=SLOW + 2) for _ in range(2)]
            file.touch()
            wait_for(lambda: not {proxy.echo()["process"] for _ in range(4)} & own)
            answers = [asking.result() for asking in slow]
            os.kill(leaving.pid, SIGTERM)
            answers += [answer for asking in asked for answer in asking.result()]
        assert len(answers) > 20
        assert {answer.partition("\r\n")[0] for answer in answers} == {"HTTP/1.1 200 OK"}


def ask_for(proxy: Proxy, *, seconds: float) -> list[str]:
    """Return the answers to requests that follow each other for so long."""
    end, answers = time.monotonic() + seconds, []
    while time.monotonic() < end:
        answers.append(proxy.ask())
    return answers
