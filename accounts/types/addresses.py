"""GraphQL types of addresses: the rules for a form, the address book, and the fields that all addresses share."""

from typing import TYPE_CHECKING, Annotated

import strawberry
import strawberry_django
from django.db.models import QuerySet
from strawberry import relay

import api
from accounts import models, selectors
from core import addresses, places
from core.errors import camel_case

if TYPE_CHECKING:
    from catalog.types import Deleted


@strawberry.type(description="A country.")
class Country:
    code: str = strawberry.field(description="The country's ISO 3166-1 alpha-2 code.")
    name: str = strawberry.field(description="The country's name in the answer's language.")


@strawberry.type(description="A state, province or region of a country.")
class AddressState:
    code: str = strawberry.field(description="The value for `ShippingInput.state`, as the store keeps it.")
    name: str = strawberry.field(description="The state's name, to show in a list.")


@strawberry.type(description="The fields that a form for an address in this country needs.")
class AddressRules:
    country: Country = strawberry.field(description="The country.")
    required: list[str] = strawberry.field(
        description="The fields of `ShippingInput` that a form must not leave empty. `AddressInput` has them too, but "
        "for `email`. The store refuses them empty, except `city`: earlier forms had none."
    )
    used: list[str] = strawberry.field(
        description="The fields of `ShippingInput` that addresses in this country have, in the order in which they are "
        "written."
    )
    states: list[AddressState] = strawberry.field(
        description="The states to choose from. If there are none and `state` is used, it is free text."
    )
    zip_code_pattern: str | None = strawberry.field(
        description="For the `pattern` of an HTML input; null if any postal code is accepted. The store also accepts "
        "codes with other spaces and hyphens."
    )
    zip_code_example: str | None = strawberry.field(
        description="An example of a postal code; null if none is known."
    )

    @classmethod
    def of(cls, code: str) -> "AddressRules | None":
        """Return the rules of the country with this code, in any case; None if there is no such country."""
        rules = places.country(code.upper()) if code.isascii() else None
        if rules is None:
            return None
        return cls(
            country=Country(code=rules.code, name=places.country_name(rules.code)),
            required=[camel_case(column) for column in (*addresses.required_fields(rules), "email")],
            used=[camel_case(column) for column in (*addresses.used_fields(rules), "email")],
            states=[AddressState(code=code, name=name) for code, name in rules.state_names.items()],
            zip_code_pattern=places.zip_code_expression(rules),
            zip_code_example=next(iter(rules.zip_code_examples), None),
        )


@strawberry.type
class PostalAddress:
    """The fields of all addresses."""

    first_name: str = api.field(description="First name of the recipient.")
    last_name: str = api.field(description="Last name of the recipient; may be empty.")
    company: str = api.field(description="Company; may be empty.")
    phone: str = api.field(
        description="Phone number in international form: +14155552671, or +14155552671 ext. 89."
    )
    address: str = api.field(description="Street.")
    address2: str = api.field(
        description="Second line, such as a floor or the name of a building; may be empty."
    )
    building_number: str = api.field(
        description="Building number with any addition, such as 12b; may be empty."
    )
    city: str = api.field(description="Town or city; may be empty.")
    zip_code: str = api.field(description="Postal code; empty if the country's addresses have none.")
    state: str = api.field(
        description="State, province or region; empty if the country's addresses have none."
    )
    country: str = api.field(description="ISO 3166-1 alpha-2 code of the country.")


@strawberry_django.type(
    models.Address,
    description="An address in a person's address book. Only that person and the staff see it.",
)
class Address(PostalAddress, relay.Node):
    id: relay.NodeID[int]
    is_default: bool = api.field(
        description="Whether a form should begin with this address. One address of each book is the default."
    )

    @classmethod
    def visible(cls, info: api.Info) -> QuerySet[models.Address]:
        return selectors.addresses_seen_by(api.viewer(info))


@strawberry.input
class PostalAddressInput:
    """The fields of all inputs of addresses."""

    first_name: str = strawberry.field(description="First name of the recipient.")
    last_name: str = strawberry.field(
        default="", description="Last name of the recipient; empty for a person with a single name."
    )
    company: str = strawberry.field(default="", description="Company.")
    phone: str = strawberry.field(
        description="Phone number in international form or as dialled in the country, with any extension."
    )
    address: str = strawberry.field(description="Street.")
    address2: str = strawberry.field(
        default="", description="Second line, such as a floor or the name of a building."
    )
    building_number: str = strawberry.field(
        default="", description="Building number with any addition, such as 12b; empty if there is none."
    )
    city: str = strawberry.field(default="", description="Town or city.")
    zip_code: str = strawberry.field(default="", description="Postal code.")
    state: str = strawberry.field(default="", description="Name or code of the state, province or region.")
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code of the country.")


@strawberry.input(
    description="An address for the address book. Some countries need a postal code or a state: `addressRules` lists "
    "the fields that a country requires."
)
class AddressInput(PostalAddressInput):
    is_default: bool = strawberry.field(
        default=False,
        description="Whether it becomes the default. The first address is; false does not change which one is.",
    )

    def row(self) -> models.Address:
        """Build the unsaved row, without its user."""
        return models.Address(**vars(self))


@strawberry.input(description="An address of the address book, with its new fields.")
class UpdateAddressInput:
    id: relay.GlobalID = strawberry.field(description="ID of the address.")
    address: AddressInput = strawberry.field(description="All fields of the address.")


@strawberry.input(description="An address of the address book.")
class DeleteAddressInput:
    id: relay.GlobalID = strawberry.field(description="ID of the address.")


AddressResult = Annotated[
    Address | api.ValidationError | api.NotFound,
    strawberry.union("AddressResult", description="The address, or why it could not be saved."),
]
DeleteAddressResult = Annotated[
    Annotated["Deleted", strawberry.lazy("catalog.types")] | api.NotFound,
    strawberry.union(
        "DeleteAddressResult", description="The id of the deleted address, or why there is none."
    ),
]
