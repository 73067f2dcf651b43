"""Signals that let the apps above export and delete a person's data, because accounts must not import them."""

from django.dispatch import Signal

# Sent with `user`, in the transaction that deletes the account and before its row goes. A receiver deletes or releases
# what its app keeps about the person, or raises a DomainError, and then nothing changes.
account_closing = Signal()
# Sent with `user`. A receiver returns what its app keeps about the person, as values for JSON by section.
data_requested = Signal()
