"""The table of a storm."""

from collections.abc import Sequence
from itertools import starmap

from tests.cluster.clients import Attempt
from tests.cluster.faults import Outage
from tests.cluster.storm import Storm


def table(storm: Storm) -> str:
    """Return a line for each fault: how long it lasted, and what the shoppers saw of it."""
    head = f"{'':22}{'lasted':>8}{'visible':>9}{'failed':>8}{'of':>6}{'slowest':>9}   seconds; failures"
    seen: dict[Outage, list[Attempt]] = {outage: [] for outage in storm.outages}
    for attempt in storm.record.attempts:
        # What had ended before a fault began was not its doing.
        before = [outage for outage in storm.outages if outage.began <= attempt.ended]
        if before:
            seen[before[-1]].append(attempt)
    return "\n".join([head, *starmap(line, seen.items()), *summary(storm), ""])


def line(outage: Outage, attempts: Sequence[Attempt]) -> str:
    failed = [attempt for attempt in attempts if attempt.fault]
    lasted = outage.mended - outage.began
    visible = (
        max(attempt.ended for attempt in failed) - min(attempt.began for attempt in failed) if failed else 0
    )
    slowest = max((attempt.ended - attempt.began for attempt in attempts if not attempt.fault), default=0)
    numbers = f"{lasted:8.1f}{visible:9.1f}{len(failed):8}{len(attempts):6}{slowest:9.1f}"
    return f"{f'{outage.service} {outage.fault}':22}{numbers}   {', '.join(sorted({a.fault[:60] for a in failed}))}"


def summary(storm: Storm) -> list[str]:
    purchases = [purchase for shopper in storm.shoppers for purchase in shopper.purchases]
    mails = storm.cluster.mails.mails
    twice = len(mails) - len({(mail["To"], mail["Subject"]) for mail in mails})
    paid = sum(purchase.paid for purchase in purchases)
    return [
        f"{len(purchases)} orders, {paid} of them paid; {len(mails)} mails, {twice} twice;",
        f"{storm.staff.confirmed} prices, {storm.staff.reads} reads of them, {storm.staff.uploads} pictures",
    ]
