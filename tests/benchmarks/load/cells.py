"""What each operation costs each contender: measured by turns, medians."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.load.contenders import Contender
from tests.benchmarks.load.driver import Request, Sample, drive
from tests.benchmarks.load.server import Server
from tests.benchmarks.load.shop import Shop
from tests.benchmarks.operations import (
    ADD_TO_CART,
    LIST,
    PRODUCT,
    SEARCH,
    Operation,
    add_to_cart_variables,
)

TERMS = ("lamp", "oak desk lamp", "walnut", "linen shirt", "notebook", "seed mix", "mug", "blanket")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """An operation as one contender is asked for it."""

    operation: str
    contender: Contender
    requests: Sequence[Request]
    marker: str | None = None

    def drive(self, server: Server, *, seconds: float, folder: Path) -> Sample:
        return drive(server, self.requests, seconds=seconds, folder=folder, marker=self.marker)


def cells(shop: Shop) -> Iterator[list[Cell]]:
    """Those of each operation, which are measured by turns."""
    first = [{"first": 20}]
    slugs = [{"slug": slug} for slug in shop.discussed]
    terms = [{"term": term, "first": 20} for term in TERMS]
    store, cached, by_hand, plain = (
        Contender.STORE,
        Contender.CACHED,
        Contender.HANDWRITTEN,
        Contender.PLAIN,
    )
    yield [
        *(Cell(operation=LIST.name, contender=one, requests=asked(LIST, one, first)) for one in Contender),
    ]
    yield [
        Cell(operation=PRODUCT.name, contender=one, requests=asked(PRODUCT, one, slugs))
        for one in (store, cached, by_hand, plain)
    ]
    yield [
        Cell(operation=SEARCH.name, contender=one, requests=asked(SEARCH, one, terms))
        for one in (store, by_hand)
    ]
    yield [
        Cell(
            operation=ADD_TO_CART.name,
            contender=one,
            requests=added(shop, one),
            marker='"__typename":"Cart"' if one is by_hand else '"totalQuantity"',
        )
        for one in (store, by_hand, plain)
    ]
    yield [
        Cell(operation="list, a document never seen", contender=one, requests=unseen(one))
        for one in (store, plain)
    ]


def asked(operation: Operation, contender: Contender, variables: Sequence[dict[str, Any]]) -> list[Request]:
    by_hand = contender is Contender.HANDWRITTEN
    return [
        Request(
            path=operation.path if by_hand else "/graphql/",
            body=operation.body(values, plain=contender is Contender.PLAIN),
        )
        for values in variables
    ]


def added(shop: Shop, contender: Contender) -> list[Request]:
    """Three products in each cart, and then more of them."""
    lines = [
        (session, shop.buyable[(3 * number + line) % len(shop.buyable)])
        for line, (number, session) in product(range(3), enumerate(shop.sessions))
    ]
    requests = asked(ADD_TO_CART, contender, [add_to_cart_variables(key) for _, key in lines])
    return [
        Request(path=request.path, body=request.body, session=session)
        for request, (session, _) in zip(requests, lines, strict=True)
    ]


def unseen(contender: Contender) -> list[Request]:
    [request] = asked(LIST, contender, [{"first": 20}])
    text = request.body["query"].replace("query List", "query ListUNIQUE")
    return [Request(path=request.path, body={**request.body, "query": text})]


Results = dict[str, dict[Contender, Sample]]


def measured(
    operations: Sequence[Sequence[Cell]],
    servers: Mapping[Contender, Server],
    *,
    rounds: int,
    seconds: float,
    folder: Path,
    tell: Callable[[str], None],
) -> Results:
    """Medians over the rounds; in each round all contenders have their turn."""
    results: Results = {}
    for group in operations:
        samples: dict[Contender, list[Sample]] = defaultdict(list)
        tell(group[0].operation)
        for _ in range(rounds):
            for cell in group:
                server = servers[cell.contender]
                samples[cell.contender].append(cell.drive(server, seconds=seconds, folder=folder))
        results[group[0].operation] = {one: typical(values) for one, values in samples.items()}
    return results


def typical(samples: Sequence[Sample]) -> Sample:
    return Sample(
        cpu=median(sample.cpu for sample in samples),
        rate=median(sample.rate for sample in samples),
        p50=median(sample.p50 for sample in samples),
        p99=median(sample.p99 for sample in samples),
    )
