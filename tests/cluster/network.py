"""Machines of a network that this process makes: network namespaces on a bridge, with private addresses.

What runs on a machine is found by its namespace. So killing, freezing and measuring a machine reaches whatever its
programs have started, and nothing else.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from ipaddress import IPv4Network
from pathlib import Path
from pwd import getpwnam
from shutil import which

from tests.benchmarks.load.server import TICKS

PROGRAMS = {"ip": "iproute2", "nsenter": "util-linux"}
# The names of namespaces begin with it, and go on with the number of the process that made them.
PREFIX = "store"
# The first /24 of these that no route knows is used. Its first address is this process's.
RANGE = IPv4Network("10.213.0.0/16")
# From here on the addresses belong to shoppers.
FIRST_SHOPPER = 100
GONE_SECONDS = 20


def missing() -> list[str]:
    """Say in words what this machine lacks for a network of namespaces."""
    if sys.platform != "linux":
        return ["Linux, whose network namespaces are the machines"]
    lacking = [
        f"the program {program} ({package})" for program, package in PROGRAMS.items() if not which(program)
    ]
    return [*lacking, *(["root's rights, to make network namespaces"] if os.geteuid() else [])]


class Machine:
    """A network namespace with one address, and with the processes that were started in it."""

    def __init__(self, name: str, *, namespace: str, address: str, bridge: str) -> None:
        self.name = name
        self.namespace = namespace
        self.address = address
        self.bridge = bridge
        self.started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        command: Sequence[str | Path],
        *,
        log: Path,
        environment: Mapping[str, str],
        user: str | None = None,
    ) -> None:
        """Start a program on this machine, as the user if one is named. Its output is added to the log."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*self.entry(user), *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C is for this process alone
            )
        self.started.append(process)

    def run(self, command: Sequence[str | Path], *, user: str | None = None) -> None:
        """Run a program on this machine to its end.

        Raises:
            RuntimeError: it failed.
        """
        call([*self.entry(user), *command])

    def entry(self, user: str | None) -> list[str]:
        account = getpwnam(user) if user else None
        rights = [f"--setuid={account.pw_uid}", f"--setgid={account.pw_gid}"] if account else []
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *rights]

    def is_running(self) -> bool:
        """Whether the programs that were started run."""
        return all(process.poll() is None for process in self.started)

    def kill(self) -> None:
        """End all of its processes at once, as if it had lost its power."""
        kill_all(self.namespace)
        for process in self.started:
            process.wait()
        self.started.clear()

    def stop(self, number: signal.Signals) -> None:
        """Ask the programs that were started to end, and wait until all have. What does not end is killed."""
        for process in self.started:
            process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            for process in self.started:
                process.wait(timeout=GONE_SECONDS)
        self.kill()

    def freeze(self) -> None:
        """Stop all of its processes. The kernel still accepts connections for them."""
        send_signal(self.namespace, signal.SIGSTOP)

    def thaw(self) -> None:
        send_signal(self.namespace, signal.SIGCONT)

    def cut(self) -> None:
        """Take its line down. What is sent either way is lost, and nobody is told."""
        call(["ip", "-n", self.bridge, "link", "set", self.name, "down"])

    def join(self) -> None:
        call(["ip", "-n", self.bridge, "link", "set", self.name, "up"])

    def cpu_seconds(self) -> float:
        """The processor time of its processes, and of those that these have waited for."""
        return sum(map(cpu_seconds, processes_in(self.namespace)))


class Network:
    """A bridge with machines on it. This process has the network's first address, and one for each shopper."""

    def __init__(self, *, shoppers: int) -> None:
        self.name = f"{PREFIX}-{os.getpid()}"
        self.bridge = f"{self.name}-bridge"
        self.range = free_range()
        self.hosts = self.range.hosts()
        self.own = str(next(self.hosts))
        self.shoppers = [str(self.range[FIRST_SHOPPER + number]) for number in range(shoppers)]
        line = f"{PREFIX}{os.getpid()}"
        # The bridge has a namespace of its own, where this machine's packet filters do not apply to it.
        call(["ip", "netns", "add", self.bridge])
        call(["ip", "link", "add", line, "type", "veth", "peer", "name", "out", "netns", self.bridge])
        call(["ip", "-n", self.bridge, "link", "add", "bridge", "type", "bridge"])
        call(["ip", "-n", self.bridge, "link", "set", "bridge", "up"])
        call(["ip", "-n", self.bridge, "link", "set", "out", "master", "bridge", "up"])
        call(["ip", "address", "add", f"{self.own}/{self.range.prefixlen}", "dev", line])
        for address in self.shoppers:
            call(["ip", "address", "add", f"{address}/32", "dev", line])
        call(["ip", "link", "set", line, "up"])

    def add_machine(self, name: str) -> Machine:
        """Add a machine with the next address."""
        namespace, address = f"{self.name}-{name}", str(next(self.hosts))
        call(["ip", "netns", "add", namespace])
        ends = ["eth0", "type", "veth", "peer", "name", name, "netns", self.bridge]
        call(["ip", "-n", namespace, "link", "add", *ends])
        call(["ip", "-n", namespace, "address", "add", f"{address}/{self.range.prefixlen}", "dev", "eth0"])
        call(["ip", "-n", namespace, "link", "set", "lo", "up"])
        call(["ip", "-n", namespace, "link", "set", "eth0", "up"])
        call(["ip", "-n", self.bridge, "link", "set", name, "master", "bridge", "up"])
        return Machine(name, namespace=namespace, address=address, bridge=self.bridge)


@contextmanager
def open_network(*, shoppers: int) -> Iterator[Network]:
    """Make a network. The end of the block ends every process on it, and removes it."""
    for name in namespaces():
        if not Path(f"/proc/{owner(name)}").exists():
            remove(name)  # it is left of a run that was killed
    try:
        yield Network(shoppers=shoppers)
    finally:
        for name in namespaces():
            if owner(name) == os.getpid():
                remove(name)


def remove(namespace: str) -> None:
    kill_all(namespace)
    call(["ip", "netns", "delete", namespace])


def namespaces() -> list[str]:
    """Return the names of the namespaces that this program's runs have made."""
    names = [line.split()[0] for line in call(["ip", "netns", "list"]).splitlines()]
    return [name for name in names if name.startswith(f"{PREFIX}-") and name.split("-")[1].isdigit()]


def owner(namespace: str) -> int:
    return int(namespace.split("-")[1])


def free_range() -> IPv4Network:
    """Return a network of which no route of this machine knows."""
    routes = [line.split()[0] for line in call(["ip", "-4", "route", "show"]).splitlines()]
    taken = [IPv4Network(route) for route in routes if route[0].isdigit()]
    return next(part for part in RANGE.subnets(new_prefix=24) if not any(map(part.overlaps, taken)))


def processes_in(namespace: str) -> list[int]:
    """Return the processes in the namespace that have not ended."""
    return [int(process) for process in call(["ip", "netns", "pids", namespace]).split()]


def send_signal(namespace: str, number: signal.Signals) -> None:
    for process in processes_in(namespace):
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(process, number)


def kill_all(namespace: str) -> None:
    """Kill the namespace's processes until there are none.

    Raises:
        RuntimeError: some do not end.
    """
    deadline = time.monotonic() + GONE_SECONDS
    while left := processes_in(namespace):
        if time.monotonic() > deadline:
            raise RuntimeError(f"The processes {left} in {namespace} do not end.")
        send_signal(namespace, signal.SIGKILL)
        time.sleep(0.01)


def cpu_seconds(process: int) -> float:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has ended meanwhile
    # The program's name is in brackets, and may contain brackets. Then: utime, stime, cutime, cstime.
    return sum(map(int, stat.rpartition(")")[2].split()[11:15])) / TICKS


def call(command: Sequence[str | Path]) -> str:
    """Run a program to its end, and return its output.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
