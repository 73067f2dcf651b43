"""Payments by Stripe PaymentIntents: attempts, settlement, refunds."""
