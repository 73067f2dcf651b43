"""The currencies that the store can sell in. The settings import this module, so it imports no models."""

# The number of decimal digits in Stripe's smallest unit of each currency. A currency that is not listed is refused:
# a wrong exponent would charge a hundred times too much.
EXPONENTS = (
    dict.fromkeys(["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV"], 0)
    | dict.fromkeys(["XAF", "XOF", "XPF"], 0)
    | dict.fromkeys(["BHD", "JOD", "KWD", "OMR", "TND"], 3)
    | dict.fromkeys(["AED", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "COP", "CZK", "DKK", "EUR", "GBP"], 2)
    | dict.fromkeys(["HKD", "HUF", "IDR", "ILS", "INR", "ISK", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD"], 2)
    | dict.fromkeys(["PEN", "PHP", "PLN", "RON", "RSD", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH"], 2)
    | dict.fromkeys(["UGX", "USD", "ZAR"], 2)
)
# The digits that an amount may use. Stripe charges currencies of three digits only with a 0 at the end, and ISK and
# UGX only in whole units.
DIGITS = EXPONENTS | dict.fromkeys(["BHD", "JOD", "KWD", "OMR", "TND"], 2) | {"ISK": 0, "UGX": 0}
