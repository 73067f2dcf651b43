"""The store's application as it is, but for Stripe."""

from backend.wsgi import application
from tests.benchmarks.load.stripe import use_instant_stripe

__all__ = ["application"]

use_instant_stripe()
