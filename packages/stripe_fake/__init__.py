"""A stateful fake of Stripe, as a transport under Stripe's own SDK."""

from packages.stripe_fake.errors import ApiError
from packages.stripe_fake.events import Delivery, Send, post_to, sign
from packages.stripe_fake.faults import EVENT_FAULTS, REQUEST_FAULTS, EventFault, FaultKind, RequestFault
from packages.stripe_fake.payment_methods import Outcome
from packages.stripe_fake.transport import FakeStripe

__all__ = [
    "EVENT_FAULTS",
    "REQUEST_FAULTS",
    "ApiError",
    "Delivery",
    "EventFault",
    "FakeStripe",
    "FaultKind",
    "Outcome",
    "RequestFault",
    "Send",
    "post_to",
    "sign",
]
