"""The store's application with the instant Stripe."""

from backend.wsgi import application
from tests.benchmarks.load.stripe import use_instant_stripe

__all__ = ["application"]

use_instant_stripe()
