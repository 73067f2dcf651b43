"""The settings of production, with Stripe's fake: its file stands for Stripe, which all machines reach."""

from backend.settings import *  # noqa: F403  # all of them

STRIPE_FAKE_ALLOWED = True
