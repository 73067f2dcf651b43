"""The GraphQL type of a tax, of a cart or an order."""

from decimal import Decimal

import strawberry

import api


@strawberry.type(description="The tax of one rate.")
class TaxAmount:
    name: str = strawberry.field(description="The name of the tax, such as `VAT`.")
    rate: Decimal = strawberry.field(description="Per cent.")
    base: api.Money = strawberry.field(description="What is taxed, without the tax.")
    amount: api.Money = strawberry.field(description="The tax.")
