"""The delivery methods, tax rates and discount code of the demonstration shop."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from django.conf import settings

from core.money import round_half_up
from pricing import exchange
from pricing.models import DeliveryMethod, DeliveryRate, DiscountCode, TaxRate

CODE = "WELCOME10"
EXAMPLES = Path(exchange.__file__).parent / "examples"


@dataclass(frozen=True, kw_only=True)
class SeedMethod:
    """A delivery method with one rate. Without `countries` it goes everywhere."""

    name: str
    description: str
    days: tuple[int, int]
    price: str
    countries: str = ""
    free_from: str = ""


METHODS = (
    SeedMethod(name="Parcel", description="To your door", days=(3, 5), price="4.90", free_from="75.00"),
    SeedMethod(
        name="Courier",
        description="Handed over in person",
        days=(1, 2),
        price="12.50",
        countries="AT, BE, CA, CH, DE, DK, ES, FR, GB, IE, IT, LU, NL, PL, SE",
    ),
)


def set_terms() -> None:
    """Create the missing delivery methods, rates of tax and code. A method of the same name stays as it is."""
    for position, seed in enumerate(METHODS, start=1):
        if not DeliveryMethod.objects.filter(name=seed.name).exists():
            create_method(seed, position=position)
    if not TaxRate.objects.exists():
        for name in ("eu.csv", "us.csv"):
            list(exchange.import_rates(exchange.read_rows(EXAMPLES / name)))
    DiscountCode.objects.get_or_create(code=CODE, defaults={"percent": Decimal(10)})


def create_method(seed: SeedMethod, *, position: int) -> None:
    least, most = seed.days
    method = DeliveryMethod.objects.create(
        name=seed.name, description=seed.description, min_days=least, max_days=most, position=position
    )
    DeliveryRate.objects.create(
        method=method,
        countries=seed.countries,
        price=amount(seed.price),
        free_from=amount(seed.free_from) if seed.free_from else None,
    )


def amount(text: str) -> Decimal:
    """Return the amount with the digits of the store's currency."""
    return round_half_up(Decimal(text), settings.STORE_CURRENCY)
