"""The signals by which the apps above take part in what becomes of a person: accounts knows none of those apps."""

from django.dispatch import Signal

# Sent with `user`, in the transaction that deletes the account and before its row goes. A receiver deletes or releases
# what its app keeps of the person, or raises a DomainError, and all stays as it was.
account_closing = Signal()
# Sent with `user`. A receiver returns what its app keeps of the person: values for JSON by the name of their section.
data_requested = Signal()
