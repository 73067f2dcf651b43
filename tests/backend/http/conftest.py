"""The caches that the store supports."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import override_settings
from redis import Redis, RedisError

REDIS_URL = "redis://127.0.0.1:6379/13"


@pytest.fixture(params=["memory", "redis"])
def cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both kinds of cache in turn. In Redis, only the test's own keys are written and then deleted."""
    if request.param == "memory":
        yield
        return
    redis, prefix = Redis.from_url(REDIS_URL), uuid4().hex
    try:
        redis.ping()
    except RedisError:
        pytest.skip(f"There is no Redis at {REDIS_URL}, in which the counts would be tried.")
    backend = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    names = ("default", "documents")
    with override_settings(CACHES={name: {**backend, "KEY_PREFIX": f"{prefix}-{name}"} for name in names}):
        yield
    for key in redis.scan_iter(f"{prefix}*"):
        redis.delete(key)
    redis.close()
