"""The printed tables."""

from collections.abc import Iterator, Mapping

from tests.benchmarks.load.cells import PURCHASE, UNSEEN, Results
from tests.benchmarks.load.contenders import Contender
from tests.benchmarks.operations import ADD_TO_CART, LIST, PRODUCT

Statements = Mapping[str, Mapping[Contender, str]]


def table(results: Results, statements: Statements) -> Iterator[str]:
    """Return a table of each operation's contenders. The ratio is the store's processor time, divided by theirs."""
    yield "| operation | served by | SQL | CPU, ms | the store takes | per second | p50, ms | p99, ms |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for operation, samples in results.items():
        store = samples[Contender.STORE]
        for contender, sample in samples.items():
            counted = statements.get(operation, {}).get(contender, "")
            yield (
                f"| {operation} | {contender} | {counted} | {sample.cpu * 1000:.3f} | {store.cpu / sample.cpu:.2f}× "
                f"| {sample.rate:,.0f} | {sample.p50 * 1000:.1f} | {sample.p99 * 1000:.1f} |"
            )


def ratios(results: Results) -> Iterator[str]:
    """Return the ratios that the store must keep, with the bounds in brackets."""
    cached, bare = results[LIST.name][Contender.CACHED], results[LIST.name][Contender.BARE]
    yield f"guests' list, requests/s of the bare server's hello: {cached.rate / bare.rate:.2f} (at least 0.80)"
    for operation, most in ((LIST.name, 2.3), (PRODUCT.name, 2.5), (ADD_TO_CART.name, 2.5)):
        ratio = results[operation][Contender.STORE].cpu / results[operation][Contender.HANDWRITTEN].cpu
        yield f"{operation}, CPU of the hand-written view: {ratio:.2f}× (at most {most}×)"
    for operation, least in (
        (LIST.name, 10),
        (PRODUCT.name, 12),
        (ADD_TO_CART.name, 4.5),
        (PURCHASE, None),
        (UNSEEN, 1.3),
    ):
        ratio = results[operation][Contender.PLAIN].cpu / results[operation][Contender.STORE].cpu
        goal = f" (at least {least}×)" if least else ""
        yield f"{operation}, CPU less than plain Strawberry-Django's: {ratio:.2f}×{goal}"
