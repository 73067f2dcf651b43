"""GraphQL types of delivery and discount codes."""

from collections.abc import Sequence
from typing import Protocol

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import auto, relay

import api
from pricing import models, selectors
from pricing.codes import DiscountCodeReason
from pricing.delivery import Offer

api.describe(
    DiscountCodeReason,
    description="Why a discount code cannot be used.",
    UNKNOWN="There is no such code.",
    NOT_YET="The code cannot be used yet.",
    EXPIRED="The code's time is over.",
    USED_UP="The code has been used as often as it may, by everybody or by this customer.",
    MINIMUM_NOT_REACHED="The goods do not reach the code's minimum.",
    NOT_FOR_THIS_CART="The code is not for any of these goods.",
)


class HasDays(Protocol):
    min_days: int | None
    max_days: int | None


@strawberry_django.type(models.DeliveryMethod, description="A way to bring an order to the customer.")
class DeliveryMethod(relay.Node):
    id: relay.NodeID[int]
    name: auto = api.field(description="Name of the method.")
    description: auto = api.field(description="What the shop says about it; may be empty.")
    min_days: int | None = api.field(
        description="Working days that it takes at least; null if the shop does not say."
    )
    max_days: int | None = api.field(
        description="Working days that it takes at most; null if the shop does not say."
    )

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.DeliveryMethod]:
        return selectors.delivery_methods()


@strawberry.type(description="A method that can bring the cart to its destination, and its cost.")
class DeliveryOption:
    method: DeliveryMethod = strawberry.field(description="The method.")
    cost: api.Money = strawberry.field(
        description="The cost for this cart, with tax if the shop's prices include it."
    )

    @classmethod
    def of(cls, offer: Offer) -> "DeliveryOption":
        return cls(method=offer.method, cost=api.Money.of(offer.cost))  # type: ignore[arg-type]  # its model


@strawberry.type(description="Where a cart goes, as far as it is known.")
class Destination:
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code of the country.")
    zip_code: str = strawberry.field(description="Postal code; empty while it is unknown.")
    state: str = strawberry.field(description="State, province or region; empty while it is unknown.")


@strawberry.type(description="The cart's discount code, and what it takes off.")
class AppliedDiscountCode:
    code: str = strawberry.field(description="The code.")
    amount: api.Money = strawberry.field(description="What it takes off; zero while it does not apply.")
    applies: bool = strawberry.field(description="Whether it applies to the cart as it is now.")
    message: str | None = strawberry.field(
        description="Why it does not apply, to show to the shopper; null if it does."
    )


@strawberry.type(description="The discount code cannot be used, for the reason in `reason` and `message`.")
class DiscountCodeRefused(api.UserError):
    reason: DiscountCodeReason = strawberry.field(description="The reason, for a client to act on.")


@strawberry.type(
    description="Nothing brings the cart to that place, or not the chosen method. `deliveryOptions` are what can."
)
class DeliveryUnavailable(api.UserError):
    offers: strawberry.Private[Sequence[Offer]]

    @strawberry.field(description="What can bring the cart there, the cheapest first; may be empty.")
    def delivery_options(self) -> list[DeliveryOption]:
        return [DeliveryOption.of(offer) for offer in self.offers]
