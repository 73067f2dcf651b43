"""What can happen to a service. Each function returns once it is over."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.cluster.services import Cluster, Service

# How long a machine stays away.
AWAY_SECONDS = 5.0
# A slow machine runs for the second of these times after each of the first.
STOPPED_SECONDS, RUNNING_SECONDS = 0.15, 0.05


def killed(service: Service) -> None:
    service.machine.kill()
    time.sleep(AWAY_SECONDS)
    service.start()


def restarted(service: Service) -> None:
    service.stop()
    service.start()


def cut_off(service: Service) -> None:
    service.machine.cut()
    time.sleep(AWAY_SECONDS)
    service.machine.join()


def frozen(service: Service) -> None:
    service.machine.freeze()
    time.sleep(AWAY_SECONDS)
    service.machine.thaw()


def slow(service: Service) -> None:
    end = time.monotonic() + AWAY_SECONDS
    while time.monotonic() < end:
        service.machine.freeze()
        time.sleep(STOPPED_SECONDS)
        service.machine.thaw()
        time.sleep(RUNNING_SECONDS)


# Killing the bucket's server would lose its files, which it has in its memory.
FAULTS: dict[str, list[Callable[[Service], None]]] = {
    "web1": [killed, restarted, cut_off, frozen, slow],
    "web2": [killed, cut_off],
    "worker1": [killed, frozen],
    "worker2": [cut_off],
    "primary": [restarted, killed, cut_off, frozen, slow],
    "replica": [killed, cut_off, frozen, slow],
    "redis": [killed, cut_off, frozen, slow],
    "s3": [cut_off, frozen],
    "balancer": [restarted, killed],
}
# Those of a short storm.
FEW: dict[str, list[Callable[[Service], None]]] = {
    "web1": [killed],
    "primary": [killed],
    "redis": [cut_off],
    "replica": [frozen],
    "worker1": [killed],
}


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A fault that was over at `mended`. The times are seconds of the monotonic clock."""

    service: str
    fault: str
    began: float
    mended: float


def strike(cluster: Cluster, name: str, fault: Callable[[Service], None]) -> Outage:
    began = time.monotonic()
    fault(cluster.services[name])
    return Outage(service=name, fault=fault.__name__.replace("_", " "), began=began, mended=time.monotonic())
