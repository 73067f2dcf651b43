"""Reads from a real replica: never older than what was committed, and done by the primary when it is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from django.db import DatabaseError, OperationalError, connections, transaction
from pytest_django import DjangoDbBlocker

from packages.replicas import LOST, Replicas
from packages.replicas.postgresql.base import PATIENCE_SECONDS
from packages.replicas.reading import REST_SECONDS
from packages.replicas.tests.pair import Server, pair, wait_for

pytestmark = pytest.mark.slow

PRIMARY, REPLICA = "pair-primary", "pair-replica"
NUMBER = "SELECT number FROM counted"
IS_REPLICA = "SELECT pg_is_in_recovery()"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    with pair() as (primary, replica):
        primary.ask("CREATE TABLE counted AS SELECT 0 AS number")
        wait_for(lambda: replica.ask("SELECT to_regclass('counted')") != (None,))
        yield primary, replica


@pytest.fixture
def primary(servers: tuple[Server, Server]) -> Server:
    return servers[0]


@pytest.fixture
def replica(servers: tuple[Server, Server]) -> Iterator[Server]:
    """The replica, which has everything again after the test."""
    primary, replica = servers
    yield replica
    replica.thaw()
    if replica.process is None:
        replica.start()
    replica.ask("SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_replay_resume() END")
    wait_for(lambda: replica.ask(NUMBER) == primary.ask(NUMBER))


@pytest.fixture
def replicas(
    primary: Server, replica: Server, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Replicas]:
    default = connections.settings["default"]
    for alias, server in ((PRIMARY, primary), (REPLICA, replica)):
        engine = "packages.replicas.postgresql" if alias == REPLICA else "django.db.backends.postgresql"
        config = default | {
            "ENGINE": engine,
            "NAME": "postgres",
            "USER": "postgres",
            "PASSWORD": "",
            "HOST": "127.0.0.1",
            "PORT": str(server.port),
            "OPTIONS": {"connect_timeout": 2},
        }
        monkeypatch.setitem(connections.settings, alias, config)
    with django_db_blocker.unblock():
        yield Replicas([REPLICA], primary=PRIMARY)
        for alias in (PRIMARY, REPLICA):
            connections[alias].close()
            del connections[alias]


def ask(sql: str) -> object:
    """Ask what the code takes for the primary, or return the fault."""
    try:
        with connections[PRIMARY].cursor() as cursor:
            cursor.execute(sql)
            [value] = cursor.fetchone()
    except DatabaseError as error:
        connections[PRIMARY].close()
        return error
    return value


def read(replicas: Replicas, sql: str) -> object:
    return replicas.read(lambda: ask(sql), is_lost=lambda answer: isinstance(answer, LOST))


def count(number: int) -> None:
    with connections[PRIMARY].cursor() as cursor:
        cursor.execute("UPDATE counted SET number = %s", [number])


def test_a_replica_answers_and_the_primary_is_itself_again(replicas: Replicas) -> None:
    wait_for(lambda: read(replicas, IS_REPLICA) is True)
    assert ask(IS_REPLICA) is False


def test_an_answer_has_all_that_was_committed(replicas: Replicas) -> None:
    answers = []
    for number in range(1, 201):
        count(number)
        answers.append(read(replicas, NUMBER))
    assert answers == list(range(1, 201))


def test_the_primary_answers_for_one_that_is_behind(replicas: Replicas, replica: Server) -> None:
    replica.ask("SELECT pg_wal_replay_pause()")
    count(1001)
    assert read(replicas, NUMBER) == 1001
    assert read(replicas, IS_REPLICA) is False
    assert replica.ask(NUMBER) != (1001,)
    behind = replicas.bytes_behind(REPLICA)
    assert behind is not None
    assert behind > 0
    replica.ask("SELECT pg_wal_replay_resume()")
    wait_for(lambda: read(replicas, IS_REPLICA) is True)
    assert read(replicas, NUMBER) == 1001
    assert replicas.bytes_behind(REPLICA) == 0


def test_the_primary_answers_for_one_that_was_killed(replicas: Replicas, replica: Server) -> None:
    wait_for(lambda: read(replicas, IS_REPLICA) is True)
    replica.kill()
    count(1002)
    assert read(replicas, NUMBER) == 1002
    assert replicas.bytes_behind(REPLICA) is None
    replica.start()
    replicas.rests[REPLICA] = monotonic()  # its rest is over
    wait_for(lambda: read(replicas, IS_REPLICA) is True)
    assert read(replicas, NUMBER) == 1002


def test_one_that_came_back_is_used_by_threads_that_knew_it_before(
    replicas: Replicas, replica: Server
) -> None:
    with ThreadPoolExecutor(1) as thread:
        wait_for(lambda: thread.submit(read, replicas, IS_REPLICA).result() is True)
        replica.kill()
        assert read(replicas, IS_REPLICA) is False
        replica.start()
        replicas.rests[REPLICA] = monotonic()  # its rest is over
        wait_for(lambda: read(replicas, IS_REPLICA) is True)
        assert thread.submit(read, replicas, IS_REPLICA).result() is True
        thread.submit(connections.close_all).result()


def test_a_frozen_one_costs_one_wait(replicas: Replicas, replica: Server) -> None:
    wait_for(lambda: read(replicas, IS_REPLICA) is True)
    replica.freeze()
    began = monotonic()
    assert read(replicas, IS_REPLICA) is False
    assert monotonic() - began < PATIENCE_SECONDS + 1
    began = monotonic()
    assert [read(replicas, IS_REPLICA) for _ in range(20)] == [False] * 20
    assert monotonic() - began < REST_SECONDS["lost"] / 2


def test_one_that_is_lost_in_the_middle_costs_a_second_attempt(replicas: Replicas, replica: Server) -> None:
    wait_for(lambda: read(replicas, IS_REPLICA) is True)
    answers = []

    def attempt() -> object:
        replica.kill()
        answers.append(ask(NUMBER))
        return answers[-1]

    answer = replicas.read(attempt, is_lost=lambda answer: isinstance(answer, LOST))
    assert isinstance(answers[0], OperationalError)
    assert answer == answers[1]
    assert isinstance(answer, int)


def test_a_write_is_refused(replicas: Replicas, primary: Server) -> None:
    before = primary.ask(NUMBER)
    answer = read(replicas, "UPDATE counted SET number = -1 RETURNING number")
    assert "read-only transaction" in str(answer)
    assert primary.ask(NUMBER) == before


def test_a_transaction_reads_what_it_wrote(replicas: Replicas) -> None:
    with transaction.atomic(using=PRIMARY):
        count(1003)
        assert read(replicas, IS_REPLICA) is False
        assert read(replicas, NUMBER) == 1003


def test_a_server_that_is_no_replica_is_not_asked(replicas: Replicas, primary: Server) -> None:
    connections[REPLICA].settings_dict["PORT"] = str(primary.port)
    assert read(replicas, NUMBER) == ask(NUMBER)
    assert REPLICA in replicas.rests
    assert replicas.bytes_behind(REPLICA) is None


def test_without_replicas_nothing_is_asked() -> None:
    assert Replicas([]).read(lambda: "answer", is_lost=lambda _: False) == "answer"
