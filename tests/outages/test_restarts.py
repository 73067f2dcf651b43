"""PostgreSQL is restarted, and Redis goes away and comes back, under a server as in production."""

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from packages.answer_cache.tests.servers import redis_server
from packages.replicas.tests.pair import pair
from tests.outages.shop import ADD, CUP, LOGIN, ME, Browser, shop

pytestmark = pytest.mark.slow

# More than there are threads, so that each has a request.
MANY = 24


def test_a_restart_of_postgresql_fails_no_request_that_comes_later(tmp_path: Path) -> None:
    with pair() as (primary, _), shop(tmp_path, {"DATABASE_URL": primary.url}) as server:
        browsers = [Browser(server) for _ in range(MANY)]
        cup = browsers[0].run(CUP)["product"]["id"]
        for browser in browsers:
            browser.run(ADD, id=cup)
        primary.kill()
        assert browsers[0].send(ME)["errors"][0]["extensions"]["code"] == "INTERNAL"
        primary.start()
        for browser in browsers:
            assert browser.run(ADD, id=cup) == {"addToCart": {"__typename": "Cart"}}
            assert browser.run("{ cart { totalQuantity } }") == {"cart": {"totalQuantity": 2}}


def test_without_redis_people_stay_who_they_are_and_passwords_are_refused(tmp_path: Path) -> None:
    with ExitStack() as running:
        url = running.enter_context(redis_server(tmp_path))
        port = urlsplit(url).port or 0
        settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3", "REDIS_URL": url}
        with shop(tmp_path, settings) as server:
            ada, guest = Browser(server), Browser(server)
            assert ada.run(LOGIN) == {"login": {"__typename": "User"}}
            running.close()
            for _ in range(MANY):
                assert ada.run(ME) == {"me": {"email": "ada@example.com"}}
                assert guest.run(ME) == {"me": None}
            assert guest.run(ADD, id=guest.run(CUP)["product"]["id"]) == {"addToCart": {"__typename": "Cart"}}
            assert guest.run(LOGIN) == {"login": {"__typename": "TooManyAttempts"}}
            assert guest.run(ME) == {"me": None}
            running.enter_context(redis_server(tmp_path, port=port))
            assert guest.run(LOGIN) == {"login": {"__typename": "User"}}
            assert guest.run(ME) == {"me": {"email": "ada@example.com"}}
