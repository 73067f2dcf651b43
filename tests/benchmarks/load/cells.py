"""The cost of each operation for each contender: medians, measured in turns."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from tests.benchmarks.load.contenders import Contender
from tests.benchmarks.load.driver import Request, Sample, buy, send_by_turns, try_out
from tests.benchmarks.load.server import Server
from tests.benchmarks.load.shop import Shop
from tests.benchmarks.operations import (
    ADD_TO_CART,
    CHECKOUT,
    LIST,
    PRODUCT,
    SEARCH,
    Operation,
    add_to_cart_variables,
    checkout_variables,
)
from tests.conftest import global_id

TERMS = ("lamp", "oak desk lamp", "walnut", "linen shirt", "notebook", "seed mix", "mug", "blanket")
PURCHASE = "purchase of 3 items"
UNSEEN = "list by a document never seen"
# Text of a successful answer that no refusal contains.
MARKERS = {ADD_TO_CART.name: '"totalQuantity"', CHECKOUT.name: '"clientSecret":'}


class Drive(Protocol):
    """A short run of an operation on a contender's server."""

    def __call__(self, server: Server, *, seconds: int, folder: Path) -> Sample: ...


@dataclass(frozen=True, kw_only=True)
class Cell:
    """An operation for one contender. `example` are the requests of one browser."""

    drive: Drive
    example: Sequence[Request]


Cells = Mapping[str, Mapping[Contender, Cell]]
Results = Mapping[str, Mapping[Contender, Sample]]


def cells(shop: Shop) -> Cells:
    """Return the cell of each operation and contender."""
    store, by_hand, plain = Contender.STORE, Contender.HANDWRITTEN, Contender.PLAIN
    first = [{"first": 20}]
    slugs = [{"slug": slug} for slug in shop.discussed]
    terms = [{"term": term, "first": 20} for term in TERMS]
    return {
        LIST.name: {one: by_turns(make_requests(LIST, one, first)) for one in Contender},
        PRODUCT.name: {
            one: by_turns(make_requests(PRODUCT, one, slugs))
            for one in (store, Contender.CACHED, by_hand, plain)
        },
        SEARCH.name: {one: by_turns(make_requests(SEARCH, one, terms)) for one in (store, by_hand)},
        ADD_TO_CART.name: {one: by_turns(make_additions(shop, one)) for one in (store, by_hand, plain)},
        PURCHASE: {one: buy_cell(shop, one) for one in (store, by_hand, plain)},
        UNSEEN: {one: by_turns([unseen(one)]) for one in (store, plain)},
    }


def by_turns(requests: Sequence[Request]) -> Cell:
    return Cell(drive=partial(send_by_turns, requests=requests), example=requests[:1])


def buy_cell(shop: Shop, contender: Contender) -> Cell:
    [add] = make_requests(ADD_TO_CART, contender, [{"input": {"productId": "PRODUCT", "quantity": 1}}])
    order = checkout_variables()
    order["input"]["idempotencyKey"] = "00000000-0000-4000-8000-UNIQUE"
    [checkout] = make_requests(CHECKOUT, contender, [order])
    products = [global_id("Product", key) for key in shop.buyable]
    return Cell(
        drive=partial(buy, add=add, checkout=checkout, products=products),
        example=purchase(shop, contender),
    )


def purchase(shop: Shop, contender: Contender, number: int = 0) -> list[Request]:
    """Return the requests of a new visitor who buys three products, which depend on the number."""
    keys = [shop.buyable[(3 * number + line) % len(shop.buyable)] for line in range(3)]
    return [
        *make_requests(ADD_TO_CART, contender, [add_to_cart_variables(key) for key in keys]),
        *make_requests(CHECKOUT, contender, [checkout_variables()]),
    ]


def make_requests(
    operation: Operation, contender: Contender, variables: Sequence[dict[str, Any]]
) -> list[Request]:
    by_hand = contender is Contender.HANDWRITTEN
    return [
        Request(
            path=operation.path if by_hand else "/graphql/",
            body=operation.body(values, plain=contender is Contender.PLAIN),
            # Browsers ask for compression. Only kept answers are compressed, once and not for each request.
            encoding="gzip" if contender is Contender.CACHED else "",
            marker=MARKERS.get(operation.name, ""),
        )
        for values in variables
    ]


def make_additions(shop: Shop, contender: Contender) -> list[Request]:
    """Return requests that put three products into each cart, and then more of them."""
    lines = [
        (session, shop.buyable[(3 * number + line) % len(shop.buyable)])
        for line, (number, session) in product(range(3), enumerate(shop.sessions))
    ]
    return [
        replace(request, session=session)
        for session, key in lines
        for request in make_requests(ADD_TO_CART, contender, [add_to_cart_variables(key)])
    ]


def unseen(contender: Contender) -> Request:
    [request] = make_requests(LIST, contender, [{"first": 20}])
    text = request.body["query"].replace("query List", "query ListUNIQUE")
    return replace(request, body={**request.body, "query": text})


def measure_all(
    cells: Cells,
    servers: Mapping[Contender, Server],
    *,
    rounds: int,
    seconds: int,
    folder: Path,
    tell: Callable[[str], None],
) -> Results:
    """Measure each contender once in every round, and return the medians."""
    results: dict[str, dict[Contender, Sample]] = {}
    for operation, contenders in cells.items():
        tell(operation)
        for contender, cell in contenders.items():
            try_out(servers[contender], cell.example)
        samples: dict[Contender, list[Sample]] = defaultdict(list)
        for _ in range(rounds):
            for contender, cell in contenders.items():
                samples[contender].append(cell.drive(servers[contender], seconds=seconds, folder=folder))
        results[operation] = {one: typical(values) for one, values in samples.items()}
    return results


def typical(samples: Sequence[Sample]) -> Sample:
    return Sample(
        cpu=median(sample.cpu for sample in samples),
        rate=median(sample.rate for sample in samples),
        p50=median(sample.p50 for sample in samples),
        p99=median(sample.p99 for sample in samples),
    )
