"""What requests cost in each part of a cluster."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import redis

from tests.cluster.services import Cluster

PARTS = ("balancer", "web", "primary", "replica", "redis", "worker")
IDLE_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What the machines have used so far: seconds of their processors, Redis's commands, bytes of PostgreSQL's log."""

    at: float
    cpu: dict[str, float]
    commands: int
    log_bytes: int


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one request of a kind costs: milliseconds of processor in each part, commands of Redis, bytes of the log."""

    kind: str
    a_second: float
    cpu_ms: dict[str, float]
    commands: float
    log_bytes: float


class Meter:
    """Measures what requests cost beyond what the idle cluster uses."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.redis = redis.Redis.from_url(cluster.environment["REDIS_URL"])
        before = self.look()
        time.sleep(IDLE_SECONDS)
        after = self.look()
        self.idle = {part: (after.cpu[part] - before.cpu[part]) / (after.at - before.at) for part in PARTS}

    def look(self) -> Snapshot:
        cpu = dict.fromkeys(PARTS, 0.0)
        for name, machine in self.cluster.machines.items():
            part = name.rstrip("12")
            if part in cpu:
                cpu[part] += machine.cpu_seconds()
        with psycopg.connect(self.cluster.environment["DATABASE_URL"]) as connection:
            [(position,)] = connection.execute(
                "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
            ).fetchall()
        commands = self.redis.info("stats")["total_commands_processed"]
        return Snapshot(at=time.monotonic(), cpu=cpu, commands=commands, log_bytes=int(position))

    def measure(self, kind: str, run: Callable[[], object], *, number: int) -> Cost:
        """Run what causes a number of requests, and return the cost of one."""
        before = self.look()
        run()
        after = self.look()
        seconds = after.at - before.at
        return Cost(
            kind=kind,
            a_second=number / seconds,
            cpu_ms={
                part: max(0.0, after.cpu[part] - before.cpu[part] - self.idle[part] * seconds) / number * 1000
                for part in PARTS
            },
            commands=(after.commands - before.commands) / number,
            log_bytes=(after.log_bytes - before.log_bytes) / number,
        )
