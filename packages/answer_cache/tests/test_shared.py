"""Processes that share the tokens in Redis, each by a line of its own that can be cut or frozen."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from redis import Redis

from packages.answer_cache import shared
from packages.answer_cache.keeper import BOTH, CONTENT, FREQUENT, TOKEN
from packages.answer_cache.models import Outage
from packages.answer_cache.shared import SharedRevision
from packages.answer_cache.tests.servers import Line, redis_server, wait_for

pytestmark = pytest.mark.django_db

WITHIN = 0.2
PROMISES = [0.0, WITHIN]


class Host:
    """A process on a machine of its own, with its line to Redis."""

    def __init__(self, url: str, *, within: float, name: str) -> None:
        self.line = Line(url)
        self.revision = SharedRevision(self.line.url, within=within, name=name)

    def write(self, token: int = CONTENT) -> None:
        change = self.revision.change()
        change.announce(token)
        change.end()

    def note(self) -> bytes:
        """Note the tokens, and wait until this process serves by them."""
        noted = self.revision.note()
        assert noted
        wait_for(lambda: self.revision.tokens() == noted)
        return noted


Hosts = Callable[..., list[Host]]


@pytest.fixture
def hosts(redis_url: str) -> Iterator[Hosts]:
    made: list[Host] = []
    name = uuid4().hex

    def make(*, within: float, url: str = redis_url) -> list[Host]:
        made.extend(Host(url, within=within, name=name) for _ in range(2))
        return made

    yield make
    for host in made:
        host.line.close()


@pytest.fixture(autouse=True)
def _patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody leave Redis alone, and only those wait for it briefly whose line is frozen."""
    if "freeze" not in request.node.name:
        monkeypatch.setattr(shared, "PATIENCE_SECONDS", 10)
    monkeypatch.setattr(shared, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(shared, "OUTAGE_SECONDS", 0.02)


class TestTogether:
    @pytest.mark.parametrize("token", [CONTENT, FREQUENT])
    def test_exact_a_change_is_seen_by_the_next_request(self, hosts: Hosts, token: int) -> None:
        writer, reader = hosts(within=0)
        before = reader.note()
        writer.write(token)
        after = reader.revision.tokens()
        assert after
        assert (after[:-TOKEN] == before[:-TOKEN], after == before) == (token == FREQUENT, False)

    def test_within_a_change_is_pushed(self, hosts: Hosts) -> None:
        writer, reader = hosts(within=60)  # it would not ask again by itself
        before = reader.note()
        writer.write()
        wait_for(lambda: reader.revision.tokens() != before)

    def test_within_a_lost_message_is_made_good(self, hosts: Hosts, redis_url: str) -> None:
        _, reader = hosts(within=WITHIN)
        before = reader.note()
        with Redis.from_url(redis_url) as redis:
            redis.hset(reader.revision.keys[0], str(CONTENT), b"c" * TOKEN)
        wait_for(lambda: reader.revision.tokens() not in (before, None))

    @pytest.mark.parametrize("within", PROMISES)
    def test_nobody_notes_while_another_changes(self, hosts: Hosts, within: float) -> None:
        writer, reader = hosts(within=within)
        change = writer.revision.change()
        change.announce(CONTENT)
        assert reader.revision.note() is None
        change.end()
        assert reader.revision.note()

    def test_a_change_that_was_rolled_back_is_let_go_by_the_next_note(self, hosts: Hosts) -> None:
        writer, reader = hosts(within=0)
        change = writer.revision.change()
        change.announce(CONTENT)
        del change
        assert reader.revision.note() is None
        assert writer.revision.note()
        assert reader.revision.note()

    def test_a_writer_that_died_is_let_go_after_a_while(
        self, hosts: Hosts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer, reader = hosts(within=0)
        monkeypatch.setattr(shared, "WRITER_SECONDS", 0)
        change = writer.revision.change()
        change.announce(CONTENT)
        noted = reader.note()  # its data is older than the commit
        change.end()
        tokens = reader.revision.tokens()
        assert tokens
        assert not tokens.startswith(noted[:-TOKEN])

    def test_the_first_token_stays(self, hosts: Hosts) -> None:
        first, second = hosts(within=0)
        assert first.revision.tokens() is None
        assert first.revision.note() == second.revision.note() == first.revision.tokens()


@pytest.mark.parametrize("within", PROMISES)
@pytest.mark.parametrize("trouble", ["cut", "freeze"])
class TestCutOff:
    def test_a_reader_misses(self, hosts: Hosts, within: float, trouble: str) -> None:
        _, reader = hosts(within=within)
        reader.note()
        getattr(reader.line, trouble)()
        wait_for(lambda: reader.revision.tokens() is None)
        assert reader.revision.note() is None
        reader.line.mend()
        wait_for(reader.revision.note)
        reader.note()

    def test_what_a_writer_commits_is_seen_by_readers_who_are_not(
        self, hosts: Hosts, within: float, trouble: str
    ) -> None:
        writer, reader = hosts(within=within)
        before = reader.note()
        getattr(writer.line, trouble)()
        writer.write()
        if within:
            wait_for(lambda: reader.revision.tokens() != before)
        assert not (reader.revision.tokens() or b"").startswith(before[:-TOKEN])

    def test_a_writer_in_the_middle(self, hosts: Hosts, within: float, trouble: str) -> None:
        writer, reader = hosts(within=within)
        change = writer.revision.change()
        change.announce(CONTENT)
        getattr(writer.line, trouble)()
        change.end()
        assert reader.revision.note() is None  # until the writer counts as dead
        assert Outage.objects.count() == 1


class TestForgetting:
    def test_a_new_redis_knows_no_old_tokens(self, hosts: Hosts, tmp_path: Path) -> None:
        (folder := tmp_path / "own").mkdir()
        with redis_server(folder) as url:
            writer, reader = hosts(within=0, url=url)
            before = reader.note()
            change = writer.revision.change()
            change.announce(CONTENT)
        with redis_server(folder, port=urlsplit(url).port or 0):
            wait_for(reader.revision.note)
            between = reader.note()  # while the writer is at work, of which Redis knows nothing
            change.end()
            after = reader.revision.tokens()
            assert after
            assert len({before[:-TOKEN], between[:-TOKEN], after[:-TOKEN]}) == 3

    def test_a_replica_that_took_over_without_the_last_changes(self, hosts: Hosts, tmp_path: Path) -> None:
        tokens = []
        for folder in (tmp_path / "primary", tmp_path / "replica"):
            folder.mkdir()
            with redis_server(folder) as url:
                _, reader = hosts(within=0, url=url)[-2:]
                same = {str(CONTENT): b"c" * TOKEN, str(FREQUENT): b"f" * TOKEN}
                with Redis.from_url(url) as redis:
                    redis.hset(reader.revision.keys[0], mapping=same)
                tokens.append(reader.note())
        assert tokens[0][-BOTH:] == tokens[1][-BOTH:]
        assert tokens[0] != tokens[1]

    def test_evicted_tokens_are_made_anew(self, hosts: Hosts, redis_url: str) -> None:
        _, reader = hosts(within=0)
        before = reader.note()
        with Redis.from_url(redis_url) as redis:
            redis.delete(reader.revision.keys[0])
        assert reader.revision.tokens() is None
        assert reader.note()[:-TOKEN] != before[:-TOKEN]
