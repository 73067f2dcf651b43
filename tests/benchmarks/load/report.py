"""The tables."""

from collections.abc import Iterator

from tests.benchmarks.load.cells import Results
from tests.benchmarks.load.contenders import Contender


def table(results: Results) -> Iterator[str]:
    """Each operation's contenders; the ratio is the processor time that the store takes, divided by theirs."""
    yield "| operation | served by | CPU, ms | the store takes | requests/s | p50, ms | p99, ms |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for operation, samples in results.items():
        store = samples[Contender.STORE]
        for contender, sample in samples.items():
            yield (
                f"| {operation} | {contender} | {sample.cpu * 1000:.3f} | {store.cpu / sample.cpu:.2f}× "
                f"| {sample.rate:,.0f} | {sample.p50 * 1000:.2f} | {sample.p99 * 1000:.2f} |"
            )
