"""An example of every operation, in an order in which a fresh demonstration shop can answer them all."""

from tests.operations.examples.account import ACCOUNT, LEAVING
from tests.operations.examples.buying import PURCHASE
from tests.operations.examples.catalogue import CATALOGUE
from tests.operations.examples.drafts import DRAFTS
from tests.operations.examples.example import SELLING, SHOPPING, Example
from tests.operations.examples.reviews import REVIEWS
from tests.operations.examples.selling import SALE

__all__ = ["EXAMPLES", "SELLING", "SHOPPING", "Example"]

EXAMPLES = [*CATALOGUE, *ACCOUNT, *PURCHASE, *DRAFTS, *REVIEWS, *LEAVING, *SALE]
