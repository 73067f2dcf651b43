"""All settings, read from the environment; .env.example explains each variable."""

import os
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import django_stubs_ext
import environ
from django.urls import reverse_lazy
from django.utils.text import format_lazy

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

# ── Core ─────────────────────────────────────────────────────────────────────

DEBUG = env.bool("DEBUG", default=False)
# In development a fixed key keeps sessions over restarts; in production there is no default.
SECRET_KEY = env.str("SECRET_KEY", default="insecure-development-key") if DEBUG else env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Origins of the front ends: they may send cookies, and nobody else's page may.
STORE_ORIGINS = env.list(
    "STORE_ORIGINS", default=["http://localhost:3000", "http://localhost:5173"] if DEBUG else []
)

# The in-browser IDE at /graphiql/. In production it is one more page to attack, for nobody's use.
STORE_GRAPHIQL = env.bool("STORE_GRAPHIQL", default=DEBUG)

INSTALLED_APPS = [
    "backend",  # before Unfold, whose first page of the admin it replaces
    "demo",  # before staticfiles, whose runserver it replaces
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "strawberry_django",
    "accounts",
    "catalog",
    "orders",
    "reviews",
]

MIDDLEWARE = [
    "backend.middleware.security_headers",
    "backend.middleware.json_errors",
    "django.middleware.security.SecurityMiddleware",
    # In development runserver serves the static files as they are; in production they have been collected.
    *([] if DEBUG else ["whitenoise.middleware.WhiteNoiseMiddleware"]),
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "backend.urls"
WSGI_APPLICATION = "backend.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# ── Database, cache, sessions ────────────────────────────────────────────────


def database() -> dict[str, Any]:
    """SQLite for one machine, PostgreSQL for many."""
    config: dict[str, Any] = env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    # Each thread of the server keeps its connection, as opening one takes longer than most requests. Under runserver
    # every request has a thread of its own.
    config["CONN_MAX_AGE"] = 0 if DEBUG else None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {
            # A write lock is taken at BEGIN: two writers queue instead of failing half-way.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
        # A file, not memory: the tests of races need connections that lock each other out.
        config["TEST"] = {"NAME": Path(gettempdir()) / f"store-test-{os.getpid()}.sqlite3"}
    else:
        # Behind a pooler the next transaction may come to another connection, which knows nothing of what was
        # prepared, or opened, by this one.
        pooler = env.bool("DATABASE_POOLER", default=False)
        config["DISABLE_SERVER_SIDE_CURSORS"] = pooler
        # Parameters are bound by the server for the sake of prepared statements; else this costs more than it saves.
        # Compiling a statement (jit) takes longer than any of a shop's statements does.
        options = {"server_side_binding": True, "prepare_threshold": 5, "options": "-c jit=off"}
        config["OPTIONS"] = {} if pooler else options
    return config


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHE = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
else:
    CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES: dict[str, dict[str, Any]] = {
    # Beyond so many entries some are dropped, and with them the counts of attempts.
    "default": {**CACHE, "OPTIONS": {} if REDIS_URL else {"MAX_ENTRIES": 100_000}},
    # Persisted documents, apart from the rest, so that no flood of them can drive out what is counted.
    "documents": {
        **CACHE,
        "LOCATION": REDIS_URL or "documents",
        "KEY_PREFIX": "document",
        "TIMEOUT": 24 * 60 * 60,
        "OPTIONS": {} if REDIS_URL else {"MAX_ENTRIES": 1000},
    },
}

# Answers to guests are kept in each process while nothing changes, which all processes tell each other by a file. It
# stands beside the SQLite database; with PostgreSQL, name one that all processes share, and keep none where they
# run on several machines.
_sqlite = str(DATABASES["default"]["NAME"]) if "sqlite3" in DATABASES["default"]["ENGINE"] else ""
STORE_ANSWER_CACHE = env.bool("STORE_ANSWER_CACHE", default=_sqlite not in ("", ":memory:"))
STORE_REVISION_FILE = env.path("STORE_REVISION_FILE", default=f"{_sqlite or BASE_DIR / 'db'}-revision")()

# ── Accounts ─────────────────────────────────────────────────────────────────

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_REDIRECT_URL = "admin:index"  # the only pages of our own that one signs in to
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_RESET_TIMEOUT", default=60 * 60 * 24)

# ── Cookies and cross-site requests ──────────────────────────────────────────

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = env.str("COOKIE_SAMESITE", default="Lax")
CSRF_TRUSTED_ORIGINS = STORE_ORIGINS
CORS_ALLOWED_ORIGINS = STORE_ORIGINS
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = (
    "accept",
    "content-type",
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "x-apollo-operation-name",
)
CORS_EXPOSE_HEADERS = ("x-request-id",)

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 60 * 60 * 24 * 365)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
# Behind a proxy that ends TLS, the header by which it says so.
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# ── Limits ───────────────────────────────────────────────────────────────────

# Of one GraphQL operation: see backend/http/limits.py.
STORE_INTROSPECTION = env.bool("STORE_INTROSPECTION", default=True)
STORE_MAX_DOCUMENT_BYTES = env.int("STORE_MAX_DOCUMENT_BYTES", default=20_000)
STORE_MAX_VARIABLE_VALUES = env.int("STORE_MAX_VARIABLE_VALUES", default=1000)
STORE_MAX_SELECTIONS = env.int("STORE_MAX_SELECTIONS", default=300)
STORE_MAX_ALIASES = env.int("STORE_MAX_ALIASES", default=30)
STORE_MAX_DIRECTIVES = env.int("STORE_MAX_DIRECTIVES", default=50)
STORE_MAX_DEPTH = env.int("STORE_MAX_DEPTH", default=16)
STORE_MAX_MUTATIONS = env.int("STORE_MAX_MUTATIONS", default=5)
STORE_MAX_COST = env.int("STORE_MAX_COST", default=15_000)
# How often something may be tried from one address: behind proxies, the one that the first of ours saw.
STORE_TRUSTED_PROXIES = env.int("STORE_TRUSTED_PROXIES", default=0)
# How many visitors one address may become in an hour: each has a session and a cart.
STORE_MAX_VISITORS = env.int("STORE_MAX_VISITORS", default=1000)
# How many threads of a process may wait for Stripe or the mail server: fewer than the server has.
STORE_MAX_WAITING = env.int("STORE_MAX_WAITING", default=2)
RATELIMIT_IP_META_KEY = "core.throttle.client_address"

# ── Files ────────────────────────────────────────────────────────────────────

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static"
# GraphiQL comes from a package that only carries its files, so it works without a network.
GRAPHIQL_PACKAGE = find_spec("graphene_django_graphiql_static")
assert GRAPHIQL_PACKAGE is not None
assert GRAPHIQL_PACKAGE.origin is not None
STATICFILES_DIRS = [Path(GRAPHIQL_PACKAGE.origin).parent / "static"]
MEDIA_URL = env.str("MEDIA_URL", default="/media/")
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / "media"))()
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# ── Mail ─────────────────────────────────────────────────────────────────────

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="shop@localhost")

# ── The store ────────────────────────────────────────────────────────────────

STORE_NAME = env.str("STORE_NAME", default="Store")
STORE_CURRENCY = env.str("STORE_CURRENCY", default="USD")
STORE_GUEST_CHECKOUT = env.bool("STORE_GUEST_CHECKOUT", default=True)
STORE_SHIP_ON_PAYMENT = env.bool("STORE_SHIP_ON_PAYMENT", default=True)
STORE_ORDER_EXPIRY = timedelta(minutes=env.int("STORE_ORDER_EXPIRY", default=30))
# What unpaid orders may hold, so that nobody empties the shop without paying: see orders/holds.py.
STORE_HOLD_UNTRIED = timedelta(minutes=env.int("STORE_HOLD_UNTRIED", default=10))
STORE_HOLD_SHARE = env.int("STORE_HOLD_SHARE", default=50)
STORE_HOLD_MINIMUM = env.int("STORE_HOLD_MINIMUM", default=10)
STORE_HOLD_LINES = env.int("STORE_HOLD_LINES", default=100)
STORE_HOLD_UNITS = env.int("STORE_HOLD_UNITS", default=1000)
STORE_HOLD_ADDRESS_LINES = env.int("STORE_HOLD_ADDRESS_LINES", default=500)
STORE_HOLD_ADDRESS_UNITS = env.int("STORE_HOLD_ADDRESS_UNITS", default=5000)
# Days after which `manage.py housekeeping` deletes what visitors and drafts leave behind; Stripe repeats an event for
# three.
STORE_KEEP_CARTS = timedelta(days=env.int("STORE_KEEP_CARTS", default=30))
STORE_KEEP_DRAFTS = timedelta(days=env.int("STORE_KEEP_DRAFTS", default=30))
STORE_KEEP_EVENTS = timedelta(days=env.int("STORE_KEEP_EVENTS", default=30))
# The front end's address, for the links in mails.
STORE_FRONTEND_URL = env.str("STORE_FRONTEND_URL", default="http://localhost:3000")

# Without a Stripe account the SDK talks to a fake of ours; it refuses to start when DEBUG is off.
STRIPE_FAKE_ALLOWED = DEBUG
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", default="")
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=["whsec_development"] if DEBUG else [])
# Seconds that a request waits for Stripe; see orders/payments/gateway.py.
STRIPE_CONNECT_TIMEOUT = env.int("STRIPE_CONNECT_TIMEOUT", default=2)
STRIPE_READ_TIMEOUT = env.int("STRIPE_READ_TIMEOUT", default=5)
# Where `manage.py stripe_fake` delivers the webhooks: this store, as the machine it runs on reaches it.
STRIPE_WEBHOOK_URL = env.str("STRIPE_WEBHOOK_URL", default="http://127.0.0.1:8000/stripe/webhook/")
STRIPE_FAKE_DB = env.path("STRIPE_FAKE_DB", default=str(BASE_DIR / "stripe_fake.sqlite3"))()

# ── The rest ─────────────────────────────────────────────────────────────────

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name} {message}", "style": "{"}},
    "filters": {"mistakes": {"()": "core.logs.MistakesOfClients"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mistakes"]}},
    "loggers": {"stripe": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}


def admin_link(title: str, *, icon: str, page: str, permission: str, query: str = "") -> dict[str, Any]:
    """A line of the admin's sidebar, for those who have the permission."""
    return {
        "title": title,
        "icon": icon,
        "link": format_lazy("{}{}", reverse_lazy(f"admin:{page}_changelist"), query),
        "permission": lambda request: request.user.has_perm(permission),
    }


UNFOLD = {
    "SITE_TITLE": STORE_NAME,
    "SITE_HEADER": STORE_NAME,
    "SITE_SYMBOL": "storefront",
    "DASHBOARD_CALLBACK": "backend.dashboard.dashboard",
    "SIDEBAR": {
        "show_all_applications": True,
        "navigation": [
            {
                "title": "Store",
                "items": [
                    {"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index")},
                    admin_link(
                        "Orders", icon="receipt_long", page="orders_order", permission="orders.view_order"
                    ),
                    admin_link(
                        "Products",
                        icon="inventory_2",
                        page="catalog_product",
                        permission="catalog.view_product",
                    ),
                    admin_link(
                        "Categories",
                        icon="category",
                        page="catalog_category",
                        permission="catalog.view_category",
                    ),
                ],
            },
            {
                "title": "People",
                "items": [
                    admin_link(
                        "To moderate",
                        icon="flag",
                        page="reviews_comment",
                        permission="reviews.view_comment",
                        query="?moderation=waiting",
                    ),
                    admin_link(
                        "Comments", icon="reviews", page="reviews_comment", permission="reviews.view_comment"
                    ),
                    admin_link("Users", icon="group", page="accounts_user", permission="accounts.view_user"),
                ],
            },
        ],
    },
}
