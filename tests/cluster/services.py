"""The programs of the store on many machines, started as in production."""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

import boto3
import psycopg

from packages.answer_cache.tests.servers import answers as redis_answers
from packages.replicas.tests.pair import ACCOUNT, OPTIONS, find
from tests.benchmarks.load.server import command
from tests.cluster import network
from tests.cluster.network import Machine, Network
from tests.workers.smtp import MailServer

ROOT = Path(__file__).resolve().parents[2]
MACHINES = ("balancer", "web1", "web2", "worker1", "worker2", "primary", "replica", "redis", "s3")
WEB, REDIS, S3 = 8000, 6379, 9000
NAME = "shop.example"
SECRET = "whsec_of_the_cluster"
START_SECONDS = 60
PROGRAMS = {"haproxy": "haproxy", "redis-server": "redis-server", "openssl": "openssl"}


def missing() -> list[str]:
    """Say in words what this machine lacks for a cluster."""
    lacking = [
        f"the program {program} ({package})"
        for program, package in PROGRAMS.items()
        if not find_program(program)
    ]
    server = [] if find("postgres") else ["PostgreSQL's server (postgresql)"]
    return [*network.missing(), *lacking, *server]


def find_program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A program on a machine of its own."""

    machine: Machine
    log: Path
    launch: Callable[[], None]
    answers: Callable[[], bool]
    stop_signal: Signals

    @property
    def name(self) -> str:
        return self.machine.name

    def start(self) -> None:
        """Start the program, and wait until it answers.

        Raises:
            RuntimeError: it does not.
        """
        self.launch()
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline or not self.machine.is_running():
                raise RuntimeError(f"{self.name} does not answer:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask the program to end, and wait until it has."""
        self.machine.stop(self.stop_signal)


class Cluster:
    """The store on a network. Its services are started in the order in which they need each other.

    The logs, the databases and Stripe are in the folder, which must be readable by all.
    """

    def __init__(self, net: Network, folder: Path, *, mails: MailServer) -> None:
        self.net = net
        self.folder = folder
        self.mails = mails
        self.services: dict[str, Service] = {}
        self.machines = {name: net.add_machine(name) for name in MACHINES}
        self.environment = self.variables()

    def address(self, name: str) -> str:
        return self.machines[name].address

    @property
    def url(self) -> str:
        return f"https://{self.address('balancer')}"

    def addresses(self) -> dict[str, str]:
        """Return the addresses of the services, by their names."""
        databases = {
            name: f"postgres://postgres@{self.address(name)}/postgres" for name in ("primary", "replica")
        }
        return {
            "balancer": f"{self.url}/graphiql/",
            **{name: f"http://{self.address(name)}:{WEB}" for name in ("web1", "web2")},
            **databases,
            "redis": f"redis://{self.address('redis')}:{REDIS}",
            "s3": f"http://{self.address('s3')}:{S3}",
        }

    def variables(self) -> dict[str, str]:
        """Return the environment of every process of the store: production on many machines."""
        at = self.addresses()
        return {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "tests.cluster.settings",
            "ALLOWED_HOSTS": f"{NAME},{','.join(self.address(name) for name in ('balancer', 'web1', 'web2'))}",
            "BEHIND_PROXY": "true",
            "DATABASE_URL": at["primary"],
            "DATABASE_REPLICA_URLS": at["replica"],
            "DEBUG": "false",
            "EMAIL_URL": f"smtp://{self.net.own}:{self.mails.port}",
            "LOG_LEVEL": "WARNING",
            "MEDIA_STORAGE": f"s3://key:password@media?endpoint_url={at['s3']}&region_name=eu-central-1",
            "MEDIA_URL": f"{at['s3']}/media/",
            "REDIS_URL": at["redis"],
            "SECRET_KEY": "of-the-cluster",
            "STORE_ANSWER_CACHE": "true",
            "STORE_ANSWER_KEEPER": "redis",
            "STORE_CLIENT_HEADER": "Storeclient",
            "STORE_SCHEME_HEADER": "Storescheme",
            "STORE_TRUSTED_PROXIES": "1",
            "STORE_FRONTEND_URL": f"https://{NAME}",
            "STORE_GRAPHIQL": "true",
            "STORE_NAME": "Cluster",
            "STRIPE_FAKE_DB": str(self.folder / "stripe.sqlite3"),
            "STRIPE_SECRET_KEY": "",
            "STRIPE_WEBHOOK_SECRETS": SECRET,
        }

    # ── The services, each of which knows those before it ────────────────────

    def start(self) -> None:
        """Start all services. The database has its tables before the store is started."""
        self.start_primary()
        self.start_replica()
        self.add(
            "redis", self.redis_command(), answers=lambda: redis_answers(REDIS, host=self.address("redis"))
        )
        self.add("s3", [sys.executable, "-m", "moto.server", "-H", "0.0.0.0", "-p", str(S3)], port=S3)
        make_bucket(self.environment["MEDIA_URL"])
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        for name in ("web1", "web2"):
            web = command("backend.wsgi:application", host="0.0.0.0", port=WEB, workers=1)
            self.add(name, web, answers=partial(is_ready, self.address(name)))
        for name in ("worker1", "worker2"):
            self.add(name, [sys.executable, "manage.py", "db_worker"], answers=lambda: True)
        self.add("balancer", [str(find_program("haproxy")), "-db", "-f", str(self.haproxy_file())], port=443)

    def add(
        self,
        name: str,
        program: list[str],
        *,
        port: int = 0,
        answers: Callable[[], bool] | None = None,
        user: str | None = None,
        stop_signal: Signals = SIGTERM,
    ) -> None:
        """Start a service that is up once its port takes connections, or once it answers."""
        machine, log = self.machines[name], self.folder / f"{name}.log"
        self.services[name] = Service(
            machine=machine,
            log=log,
            launch=lambda: machine.start(program, log=log, environment=self.environment, user=user),
            answers=answers or (lambda: is_open(machine.address, port)),
            stop_signal=stop_signal,
        )
        self.services[name].start()

    def start_primary(self) -> None:
        data, machine = self.folder / "primary", self.machines["primary"]
        own_folder(data)
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        machine.run([program("initdb"), "-D", str(data), *options], user=ACCOUNT)
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all,replication all {self.net.range} trust\n")
        self.add_postgres("primary")

    def start_replica(self) -> None:
        data, machine = self.folder / "replica", self.machines["replica"]
        own_folder(data)
        source = ["-h", self.address("primary"), "-U", "postgres", "-c", "fast", "--no-sync"]
        # The slot keeps the log that the replica lacks while it is away.
        slot = ["-R", "-C", "-S", "replica"]
        machine.run([program("pg_basebackup"), "-D", str(data), *source, *slot], user=ACCOUNT)
        self.add_postgres("replica")

    def add_postgres(self, name: str) -> None:
        server = [program("postgres"), "-D", str(self.folder / name), "-k", "", "-h", "*", *OPTIONS]
        # SIGTERM would wait for all clients to leave.
        self.add(
            name,
            server,
            answers=lambda: postgres_answers(self.address(name)),
            user=ACCOUNT,
            stop_signal=SIGINT,
        )

    def redis_command(self) -> list[str]:
        """Return Redis's command, with the limits of compose.yaml."""
        limits = ["--maxmemory", "256mb", "--maxmemory-policy", "volatile-lfu"]
        return [
            str(find_program("redis-server")),
            "--protected-mode",
            "no",
            "--save",
            "",
            "--appendonly",
            "no",
            *limits,
        ]

    def haproxy_file(self) -> Path:
        """Write deploy/haproxy.cfg for two web machines, with a certificate of its own."""
        certificate = self.folder / f"{NAME}.pem"
        subject = ["-nodes", "-days", "2", "-subj", f"/CN={NAME}", "-newkey", "rsa:2048"]
        names = ["-addext", f"subjectAltName=DNS:{NAME},IP:{self.address('balancer')}"]
        network.call(
            [
                "openssl",
                "req",
                "-x509",
                *subject,
                *names,
                "-keyout",
                certificate,
                "-out",
                f"{certificate}.crt",
            ]
        )
        with certificate.open("a") as both:
            both.write(Path(f"{certificate}.crt").read_text())
        text = (ROOT / "deploy" / "haproxy.cfg").read_text().replace("/etc/ssl/", f"{self.folder}/")
        line = "    server store 127.0.0.1:8000"
        assert line in text
        servers = [
            line.replace("store 127.0.0.1", f"{name} {self.address(name)}") for name in ("web1", "web2")
        ]
        file = self.folder / "haproxy.cfg"
        file.write_text(text.replace(line, "\n".join(servers)))
        return file

    def manage(self, *arguments: str, **variables: str) -> str:
        """Run manage.py to its end, in the environment of the store, and return its output.

        Raises:
            RuntimeError: it failed.
        """
        command = [sys.executable, "manage.py", *arguments]
        environment = {**self.environment, **variables}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments[0]} failed: {done.stdout}{done.stderr}")
        return done.stdout


def program(name: str) -> str:
    path = find(name)
    assert path, f"PostgreSQL's {name} is missing."
    return path


def own_folder(folder: Path) -> None:
    """Make a folder of PostgreSQL's account, under which the server runs."""
    folder.mkdir(mode=0o700)
    if ACCOUNT:
        shutil.chown(folder, ACCOUNT)


def make_bucket(media_url: str) -> None:
    """Make the bucket of pictures. moto lets anyone read it."""
    key = {"aws_access_key_id": "key", "aws_secret_access_key": "password", "region_name": "eu-central-1"}
    endpoint = media_url.removesuffix("/media/")
    place = {"LocationConstraint": "eu-central-1"}
    boto3.client("s3", endpoint_url=endpoint, **key).create_bucket(
        Bucket="media", CreateBucketConfiguration=place
    )


# ── Whether they answer ──────────────────────────────────────────────────────


def is_open(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def is_ready(address: str) -> bool:
    http = HTTPConnection(address, WEB, timeout=5)
    with suppress(OSError):
        http.request("GET", "/readyz")
        return http.getresponse().status == 200
    http.close()
    return False


def postgres_answers(address: str) -> bool:
    with (
        suppress(psycopg.OperationalError),
        psycopg.connect(host=address, user="postgres", connect_timeout=2),
    ):
        return True
    return False


def trust(certificate: Path) -> ssl.SSLContext:
    """Return what a client needs to trust the balancer."""
    return ssl.create_default_context(cafile=str(certificate))
