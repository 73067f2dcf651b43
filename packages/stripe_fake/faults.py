"""Faults to inject: rules kept in the state, so that another process can set them."""

from fnmatch import fnmatchcase
from typing import Literal, NamedTuple, get_args

from packages.stripe_fake.state import Transaction

RequestFault = Literal[
    "timeout",  # nothing happens, and no reply comes
    "lost_reply",  # the effect happens, and no reply comes
    "rate_limit",  # 429, nothing happens
    "server_error",  # 500, nothing happens, nothing is stored: the same key may be tried again
    "server_error_stored",  # 500 without the effect, replayed under the same key
    "server_error_after_effect",  # 500 although the effect happened, replayed under the same key
    "slow",  # the effect and the reply come after some seconds, during which the key is in use
]
EventFault = Literal[
    "event_duplicated",
    "event_reordered",  # delivered after the event that follows it
    "event_delayed",  # delivered some seconds later
    "event_dropped",  # never delivered
]
FaultKind = RequestFault | EventFault

REQUEST_FAULTS: tuple[str, ...] = get_args(RequestFault)
EVENT_FAULTS: tuple[str, ...] = get_args(EventFault)


class Fault(NamedTuple):
    kind: str
    seconds: float


def inject(tx: Transaction, kind: FaultKind, *, times: int | None, match: str, seconds: float) -> None:
    if kind not in REQUEST_FAULTS + EVENT_FAULTS:
        raise ValueError(f"Unknown fault: {kind}")
    tx.db.execute(
        "INSERT INTO faults (kind, pattern, remaining, seconds) VALUES (?, ?, ?, ?)",
        (kind, match, times, seconds),
    )


def clear(tx: Transaction) -> None:
    tx.db.execute("DELETE FROM faults")


def claim(tx: Transaction, kinds: tuple[str, ...], subject: str) -> Fault | None:
    """Use up one time of the oldest rule of these kinds that matches the subject, and return its fault."""
    for rule in tx.db.execute("SELECT * FROM faults ORDER BY id").fetchall():
        if rule["kind"] in kinds and fnmatchcase(subject, rule["pattern"]):
            tx.db.execute("UPDATE faults SET remaining = remaining - 1 WHERE id = ?", (rule["id"],))
            tx.db.execute("DELETE FROM faults WHERE remaining <= 0")
            return Fault(rule["kind"], rule["seconds"])
    return None
