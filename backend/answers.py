"""The set-up of the answer cache: the tables that no guest sees, and the tables that change often."""

from functools import cache
from pathlib import Path

from django.conf import settings

from backend.http.sessions import SESSION_HEADER
from core.languages import choose_language
from core.metrics import GUESTS
from packages.answer_cache import Answers, Keeper, Revision, Tables, Watcher
from packages.answer_cache.answers import Application

PATHS = ("/graphql/", "/graphql")
TABLES = Tables(
    # Everyday traffic writes these tables, and no guest sees them. A write to a table that is missing here outdates all
    # kept answers. An answer that reads a table of this list is not kept.
    private=(
        "accounts_user.last_login",
        "accounts_user.password",
        "catalog_favourite",
        "catalog_searchterm",
        "catalog_stockmovement",
        "catalog_stocknotice",
        "django_admin_log",
        "django_session",
        "django_tasks_database_dbtaskresult",
        "hooks_delivery",
        "hooks_endpoint",
        "orders_cart",
        "orders_cartitem",
        "orders_document",
        "orders_documentseries",
        "orders_fulfilment",
        "orders_orderevent",
        "orders_ordermail",
        "orders_ordertax",
        "orders_payment",
        "orders_portion",
        "orders_refund",
        "orders_refundline",
        "orders_return",
        "orders_shipping",
        "orders_stripeevent",
        "otp_static_staticdevice",
        "otp_static_statictoken",
        "otp_totp_totpdevice",
        "pricing_codescope",
        "pricing_discountcode",
        "reviews_report",
    ),
    # Every order writes these, but for the last.
    frequent=(
        *("catalog_product.sold_count", "catalog_product.stock"),
        *("catalog_productvariant.held", "catalog_productvariant.stock"),
        *("orders_order", "orders_orderitem"),
        "catalog_productvector",  # for hours, while a command makes all of them
    ),
)
# The headers that the API's answers depend on.
HEADERS = ("Accept", "Apollo-Require-Preflight", "Origin", "Sec-Fetch-Site", "X-Apollo-Operation-Name")


@cache
def file_keeper(path: str) -> Keeper:
    return Revision(Path(path))


@cache
def redis_keeper(url: str, *, within: float) -> Keeper:
    from packages.answer_cache.shared import SharedRevision  # which has a model: the apps must be loaded

    return SharedRevision(url, within=within)


def current_keeper() -> Keeper | None:
    """Return the configured keeper; None if no answers are kept."""
    if not settings.STORE_ANSWER_CACHE:
        return None
    if settings.STORE_ANSWER_KEEPER == "redis":
        return redis_keeper(settings.REDIS_URL, within=settings.STORE_ANSWER_WITHIN)
    return file_keeper(settings.STORE_REVISION_FILE)


watcher = Watcher(TABLES, current_keeper)


def keep_answers(application: Application) -> Application:
    """Wrap the application in the answer cache, if the settings enable it."""
    keeper = current_keeper()
    if keeper is None:
        return application
    return Answers(
        application,
        keeper=keeper,
        paths=PATHS,
        session_cookie=settings.SESSION_COOKIE_NAME,
        session_header=SESSION_HEADER,
        headers=(
            *HEADERS,
            settings.STORE_SCHEME_HEADER,
        ),  # the scheme decides which origin is the store's own
        normalized={"Accept-Language": choose_language},
        count=lambda is_kept: GUESTS.labels("yes" if is_kept else "no").inc(),
    )
