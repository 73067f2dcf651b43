"""The revision of the data in Redis: tokens that the processes of many machines share.

A writer replaces a token before its first write, and is in the set of writers until its commit is done. A reader notes
the tokens while no writer is in the set, and then reads the data. A writer that died or takes long leaves the set after
WRITER_SECONDS. If it is no longer there when it ends, or Redis has forgotten it, it replaces its tokens again. It does
so before anyone is told of the commit.

So a change counts as announced once Redis has confirmed its end. Where Redis does not, the writer replaces the token of
the Outages, in the database.
"""

import os
from collections import deque
from threading import Lock, Thread, local
from time import monotonic, sleep
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from packages.answer_cache.keeper import BOTH, CONTENT, FREQUENT, TOKEN
from packages.answer_cache.outages import Outages

# Redis answers within this time or counts as lost, and is then left alone for RETRY_SECONDS.
PATIENCE_SECONDS = 0.25
RETRY_SECONDS = 0.5
WRITER_SECONDS = 10
# The exact promise: the age at which a reader asks the database for outages, and the time that a writer waits which is
# cut off from Redis.
OUTAGE_SECONDS = 0.25
# A follower asks Redis this often while the tokens are valid, in case a message was lost.
LOOKS_PER_LEASE = 3
LOST = (RedisError, OSError)

# Each script has the keys of the tokens and of the writers. The channel has the tokens' name.
NOW = "local time = redis.call('TIME'); local now = time[1] + time[2] / 1000000;"
BEGIN = f"""{NOW}
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
redis.call('PUBLISH', KEYS[1], '')"""
# A writer that is no longer in the set may have been overtaken by readers.
END = f"""{NOW}
local due = redis.call('ZSCORE', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
if not due or tonumber(due) < now then
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
  redis.call('PUBLISH', KEYS[1], '')
end"""
NOTE = f"""{NOW}
if #ARGV > 2 then redis.call('ZREM', KEYS[2], unpack(ARGV, 3)) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) > 0 then return false end
redis.call('HSETNX', KEYS[1], '{CONTENT}', ARGV[1])
redis.call('HSETNX', KEYS[1], '{FREQUENT}', ARGV[2])
return redis.call('HMGET', KEYS[1], '{CONTENT}', '{FREQUENT}')"""


class SharedRevision:
    """The tokens in the Redis at `url`, under names that begin with `name`.

    With `within` 0, each request looks at Redis: no answer is older than the last commit that its writer was told of.
    Otherwise Redis pushes changes, and an answer is at most `within` seconds older. Without Redis, no answer is served
    from the cache.
    """

    def __init__(self, url: str, *, within: float = 0, name: str = "answers") -> None:
        # With braces, the two keys are on the same node of a cluster.
        self.keys = f"{{{name}}}:tokens", f"{{{name}}}:writers"
        self.within = within
        self.outages = Outages(seconds=within or OUTAGE_SECONDS)
        self.wire = Wire(url)
        self.follower = Follower(self) if within else None
        # The names of writers whose transactions were rolled back. The next note takes them out of the set.
        self.dropped: deque[str] = deque()

    def tokens(self) -> bytes | None:
        kept = self.follower.tokens() if self.follower else self.look()
        outage = self.outages.token() if kept else None
        return outage + kept if outage and kept else None

    def look(self) -> bytes | None:
        """Ask Redis for the tokens; None if it is lost, or has none."""
        try:
            return self.ask()
        except LOST:
            return None

    def ask(self) -> bytes | None:
        return self.wire.ask("HMGET", self.keys[0], CONTENT, FREQUENT)

    def note(self) -> bytes | None:
        outage = self.outages.token()
        dropped = [self.dropped.popleft() for _ in range(len(self.dropped))]
        try:
            kept = self.run(NOTE, os.urandom(TOKEN), os.urandom(TOKEN), *dropped)
        except LOST:
            return None
        return outage + kept if outage and kept else None

    def change(self) -> "SharedChange":
        return SharedChange(self)

    def run(self, script: str, *arguments: Any) -> bytes | None:
        return self.wire.ask("EVAL", script, len(self.keys), *self.keys, *arguments)


class SharedChange:
    """A change of the data. Its beginning is announced if Redis answers, its end in any case."""

    def __init__(self, revision: SharedRevision) -> None:
        self.revision = revision
        self.name = os.urandom(TOKEN).hex()
        self.announced: set[int] = set()
        self.ended = False

    def announce(self, token: int) -> None:
        if token in self.announced:
            return
        self.announced.add(token)
        try:
            self.revision.run(BEGIN, self.name, WRITER_SECONDS, token, os.urandom(TOKEN))
        except LOST:
            return  # it is the end that counts

    def end(self) -> None:
        """Confirm the change to Redis, or else to the database.

        Raises:
            DatabaseError: neither answers.
        """
        if self.ended:
            return
        self.ended = True
        fresh = [part for token in self.announced for part in (token, os.urandom(TOKEN))]
        try:
            self.revision.run(END, self.name, *fresh)
        except LOST:
            self.revision.outages.record(wait=not self.revision.within)

    def __del__(self) -> None:
        # It may run in the middle of another command of this thread, so it sends none.
        if not self.ended:
            self.revision.dropped.append(self.name)


class Wire:
    """A connection to Redis for each thread. It is cheaper than redis-py's client: 32 µs for a look instead of 56."""

    def __init__(self, url: str) -> None:
        pool = redis.ConnectionPool.from_url(url)
        pool.connection_kwargs |= {
            "decode_responses": False,
            "protocol": 2,
            "maint_notifications_config": MaintNotificationsConfig(enabled=False),  # they need RESP3
            "redis_connect_func": identify,
            "socket_connect_timeout": PATIENCE_SECONDS,
            "socket_timeout": PATIENCE_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        self.pool = pool
        self.threads = local()
        self.lost_until = 0.0

    def ask(self, *command: Any) -> bytes | None:
        """Return the server's identity followed by the tokens of the answer, or None if it has none.

        Raises:
            RedisError, OSError: Redis is lost.
        """
        if monotonic() < self.lost_until:
            raise redis.ConnectionError("Redis was lost a moment ago.")
        connection = self.connection()
        try:
            connection.send_command(*command)
            answer = connection.read_response()
        except LOST:
            # Disconnected, lest the next command read this one's answer.
            connection.disconnect()
            self.lost_until = monotonic() + RETRY_SECONDS
            raise
        if not answer or None in answer:
            return None
        tokens = b"".join(answer)
        identity: bytes = connection.identity
        return identity + tokens if len(tokens) == BOTH else None

    def connection(self) -> Any:
        """Return this thread's connection, which connects when it is used."""
        try:
            return self.threads.connection
        except AttributeError:
            self.threads.connection = self.pool.make_connection()
            return self.threads.connection


def identify(connection: Any) -> None:
    """Ask a new connection for the server's identity.

    A replica that has taken over may lack the last changes of tokens. It has another identity, so that no answer from
    before is served.
    """
    connection.on_connect()
    connection.send_command("INFO", "server")
    lines = connection.read_response().split(b"\r\n")
    connection.identity = next(line for line in lines if line.startswith(b"run_id:"))[-TOKEN:]


class Follower:
    """A thread that keeps a copy of the tokens, valid for a lease. It fetches them when Redis says so, or earlier."""

    def __init__(self, revision: SharedRevision) -> None:
        self.revision = revision
        self.copy: tuple[bytes | None, float] = (None, 0.0)
        self.lock = Lock()
        self.thread: Thread | None = None

    def tokens(self) -> bytes | None:
        """Return the tokens as they were at most `within` seconds ago; None if they are not known."""
        if self.thread is None:
            self.start()
        tokens, until = self.copy
        return tokens if monotonic() < until else None

    def start(self) -> None:
        """Start the thread once in each process, with the first request."""
        with self.lock:
            if self.thread is None:
                self.thread = Thread(target=self.follow, name="answer-cache", daemon=True)
                self.thread.start()

    def follow(self) -> None:
        channel: Any = self.revision.wire.pool.make_connection()
        pause = self.revision.within / LOOKS_PER_LEASE
        while True:
            try:
                if not channel.is_connected:
                    channel.connect()
                    channel.send_command("SUBSCRIBE", self.revision.keys[0])
                self.fetch()
                if channel.can_read(timeout=pause):
                    channel.read_response()
            except LOST:
                channel.disconnect()
                sleep(pause)

    def fetch(self) -> None:
        began = monotonic()
        self.copy = self.revision.ask(), began + self.revision.within
