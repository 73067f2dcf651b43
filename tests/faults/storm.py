"""Many simultaneous shoppers, while processes are killed and Stripe fails at random. An audit follows."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from random import Random
from threading import Event
from typing import Any
from uuid import uuid4

from catalog.models import ProductVariant
from orders.payments.gateway import fake
from packages.stripe_fake import ApiError, FaultKind
from pricing.models import DiscountCode
from tests.factories import make_category, make_product, make_user
from tests.faults import books
from tests.faults.shop import Lost, Shop, Shopper, eventually, intent_of

SHOPPERS, DELIVERERS = 6, 2
PRODUCTS, STOCK = 5, 15
# A code that shoppers compete for: a cancelled order gives its use back.
CODE, USES = "STORM", 8
# No shipping on payment, so that paid orders can be cancelled. Unpaid orders are overdue at once.
VARIABLES = {"STORE_SHIP_ON_PAYMENT": "false", "STORE_ORDER_EXPIRY": "0"}
FAULTS: Sequence[FaultKind] = (
    "lost_reply", "timeout", "rate_limit", "server_error", "server_error_stored", "server_error_after_effect",
    "event_duplicated", "event_reordered", "event_delayed", "event_dropped",
)  # fmt: skip
# No request has more steps.
STEPS = 45
CRASHING = 0.1
# By then, Stripe has repeated every event that was not accepted.
DAY_SECONDS = 86400.0


@dataclass(kw_only=True)
class Storm:
    """A storm. The same `seed` makes the same decisions, but the threads' timing cannot be repeated."""

    shop: Shop
    seed: str
    counts: Counter[str] = field(default_factory=Counter)
    stocks: dict[int, int] = field(default_factory=dict)

    def rage(self, *, seconds: float) -> list[str]:
        """Storm for the seconds, recover, and return the differences in the books."""
        variants = self.new_variants()
        over = Event()
        work: list[Callable[[Random], None]] = [
            *[partial(self.buy, variants)] * SHOPPERS,
            *[self.deliver] * DELIVERERS,
            self.kill,
            self.spoil,
        ]
        with ThreadPoolExecutor(len(work)) as pool:
            rngs = (Random(f"{self.seed}/{len(self.stocks)}/{number}") for number in range(len(work)))
            threads = [pool.submit(repeat, action, rng, over) for action, rng in zip(work, rngs, strict=True)]
            wait(threads, timeout=seconds, return_when=FIRST_EXCEPTION)
            over.set()
        for thread in threads:
            thread.result()
        fake().clear_faults()
        self.shop.deliver(after_seconds=DAY_SECONDS)
        self.shop.recover()
        return list(books.differences(self.shop, stocks=self.stocks))

    def new_variants(self) -> list[ProductVariant]:
        seller, category = make_user(), make_category()
        DiscountCode.objects.get_or_create(code=CODE, defaults={"percent": Decimal(10), "max_uses": USES})
        sizes: list[dict[str, Any]] = [{"values": "S"}, {"values": "M", "price": Decimal(12)}]
        products = [
            make_product(stock=STOCK, user=seller, category=category, options=["Size"], variants=sizes)
            for _ in range(PRODUCTS)
        ]
        variants = [variant for product in products for variant in product.variants.all()]
        self.stocks |= {variant.pk: STOCK for variant in variants}
        return variants

    def buy(self, variants: list[ProductVariant], rng: Random) -> None:
        """Fill a cart as a new visitor, check out, and perhaps pay."""
        shopper = Shopper(shop=self.shop, email=f"{uuid4()}@example.com")
        for variant in rng.sample(variants, rng.randint(1, 3)):
            persist(partial(shopper.add, variant, rng.randint(1, 2)), rng)
        if rng.random() < 0.5:
            persist(partial(shopper.apply, CODE), rng)
        order = persist(shopper.checkout, rng)
        self.counts[order["__typename"]] += 1
        if order["__typename"] != "Order":
            return
        assert eventually(shopper.checkout)["uuid"] == order["uuid"]
        if order["payment"]["clientSecret"] is None:
            return  # Stripe could not be reached, and this shopper does not wait
        with suppress(ApiError):  # it has expired meanwhile
            self.finish(shopper, order, rng)

    def finish(self, shopper: Shopper, order: Any, rng: Random) -> None:
        way = rng.choice(
            ["pay", "pay", "decline", "3-D Secure", "process", "leave", "cancel", "pay and cancel"]
        )
        self.counts[way] += 1
        intent = intent_of(order)
        match way:
            case "pay" | "pay and cancel":
                fake().confirm(intent)
            case "decline":
                fake().confirm(intent, "declined")
                fake().confirm(intent)
            case "3-D Secure":
                fake().confirm(intent, "requires_action")
                fake().complete(intent)
            case "process":
                fake().confirm(intent, "processing")
                time.sleep(rng.uniform(0, 0.3))
                fake().complete(intent, rng.choice(["succeeded", "declined"]))
        if "cancel" in way:
            persist(partial(shopper.cancel, order), rng)

    def deliver(self, rng: Random) -> None:
        self.shop.deliver()
        time.sleep(rng.uniform(0, 0.1))

    def kill(self, rng: Random) -> None:
        time.sleep(rng.uniform(0.1, 0.5))
        match rng.choices(["worker", "server", "reconcile_payments", "expire_orders"], [6, 1, 2, 2])[0]:
            case "worker":
                with suppress(Lost):
                    self.shop.request("GET", "/healthz", crash_at=1)
            case "server":
                self.shop.kill()
            case command:
                with suppress(Lost):
                    self.shop.run(command, crash_at=rng.randint(1, 4 * STEPS))

    def spoil(self, rng: Random) -> None:
        time.sleep(rng.uniform(0.1, 0.5))
        fake().inject(rng.choice(FAULTS), seconds=1)


def repeat(action: Callable[[Random], None], rng: Random, over: Event) -> None:
    while not over.is_set():
        action(rng)


def persist(action: Callable[..., Any], rng: Random) -> Any:
    """Do the action, sometimes with a kill at a random step, and repeat it until an answer comes."""
    with suppress(Lost):
        return action(crash_at=rng.randint(1, STEPS) if rng.random() < CRASHING else None)
    return eventually(action)
