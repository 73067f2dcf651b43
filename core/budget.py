"""Budgets over time: fixed-window counters in the shared cache."""

from dataclasses import dataclass
from hashlib import sha256
from time import time

from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache


@dataclass(frozen=True, kw_only=True)
class Spent:
    """The state of a budget after something was spent."""

    limit: int
    used: int
    resets_in_seconds: int

    @property
    def is_over(self) -> bool:
        return self.used > self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A limit on what each client may spend in a window of `seconds`.

    Fixed windows cost one increment each time. Across the end of a window up to twice the limit can be spent.
    """

    name: str
    limit: int
    seconds: int

    def spend(self, who: str, amount: int) -> Spent:
        """Spend the amount, even beyond the limit, and return the budget's state."""
        window, passed = divmod(int(time()), self.seconds)
        # Hashed, because a client could send a name that is too long for a key.
        key = f"budget:{self.name}:{sha256(who.encode()).hexdigest()[:32]}:{window}"
        used = increase(key, amount, seconds=self.seconds)
        return Spent(limit=self.limit, used=used, resets_in_seconds=self.seconds - passed)


def increase(key: str, amount: int, *, seconds: int, cache_name: str = "default") -> int:
    """Add to a counter of the cache, which expires after `seconds`, and return its new value."""
    cache = caches[cache_name]
    if isinstance(cache, RedisCache):
        name = cache.make_and_validate_key(key)
        with cache._cache.get_client(name, write=True).pipeline(transaction=False) as pipeline:
            pipeline.incrby(name, amount)
            pipeline.expire(name, seconds)
            value, _ = pipeline.execute()
            return int(value)
    try:
        return cache.incr(key, amount)
    except ValueError:  # not there yet
        cache.add(key, 0, timeout=seconds)
        return cache.incr(key, amount)
