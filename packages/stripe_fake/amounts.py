"""Stripe's currencies, and the amounts that it takes in each, in the currency's smallest unit."""

from packages.stripe_fake.errors import InvalidParameter

# fmt: off
CURRENCIES = frozenset([
    "usd", "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd", "bdt", "bgn",
    "bhd", "bif", "bmd", "bnd", "bob", "brl", "bsd", "bwp", "byn", "bzd", "cad", "cdf", "chf", "clp", "cny",
    "cop", "crc", "cve", "czk", "djf", "dkk", "dop", "dzd", "egp", "etb", "eur", "fjd", "fkp", "gbp", "gel",
    "gip", "gmd", "gnf", "gtq", "gyd", "hkd", "hnl", "htg", "huf", "idr", "ils", "inr", "isk", "jmd", "jod",
    "jpy", "kes", "kgs", "khr", "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "mad",
    "mdl", "mga", "mkd", "mmk", "mnt", "mop", "mur", "mvr", "mwk", "mxn", "myr", "mzn", "nad", "ngn", "nio",
    "nok", "npr", "nzd", "omr", "pab", "pen", "pgk", "php", "pkr", "pln", "pyg", "qar", "ron", "rsd", "rub",
    "rwf", "sar", "sbd", "scr", "sek", "sgd", "shp", "sle", "sos", "srd", "std", "szl", "thb", "tjs", "tnd",
    "top", "try", "ttd", "twd", "tzs", "uah", "ugx", "uyu", "uzs", "vnd", "vuv", "wst", "xaf", "xcd", "xof",
    "xpf", "yer", "zar", "zmw",
])
ZERO_DECIMAL = frozenset([
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
])

MAXIMUM = 99_999_999
MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}
# fmt: on

# The card networks know no mils, and ISK and UGX keep two decimals for old clients only: both end in zeros.
MULTIPLE = {"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}


def check(amount: int, currency: str) -> None:
    """Refuse a charge of `amount`, in the smallest unit of the lower-case `currency`, that Stripe refuses."""
    if currency not in CURRENCIES:
        supported = ", ".join(sorted(CURRENCIES))
        raise InvalidParameter(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {supported}",
            param="currency",
        )
    check_positive(amount)
    if amount > MAXIMUM:
        largest = display(MAXIMUM, currency)
        raise InvalidParameter(
            f"Amount must be no more than {largest}", code="amount_too_large", param="amount"
        )
    if amount < MINIMUM.get(currency, 1):
        smallest = display(MINIMUM[currency], currency)
        raise InvalidParameter(f"Amount must be at least {smallest}", code="amount_too_small", param="amount")
    multiple = MULTIPLE.get(currency, 1)
    if amount % multiple:
        raise InvalidParameter(
            f"Invalid amount: {currency} must be a multiple of {multiple}",
            code="parameter_invalid_integer",
            param="amount",
        )


def check_positive(amount: int) -> None:
    if amount < 1:
        raise InvalidParameter(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )


def display(amount: int, currency: str) -> str:
    if currency in ZERO_DECIMAL:
        return f"{amount} {currency}"
    decimals = 3 if MULTIPLE.get(currency) == 10 else 2
    return f"{amount / 10**decimals:.{decimals}f} {currency}"
