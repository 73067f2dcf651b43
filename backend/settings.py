"""All settings, read from the environment; .env.example explains each variable."""

import os
import re
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from backend import environment
from backend.navigation import NAVIGATION
from backend.reporting import report_faults
from catalog.analysis.languages import LATIN
from core.currencies import EXPONENTS

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

environ.Env.read_env(BASE_DIR / ".env")
env = ENVIRONMENT = environment.Environment()

# ── Core ─────────────────────────────────────────────────────────────────────

DEBUG = env.bool("DEBUG", default=False)
# In development a fixed key keeps sessions across restarts. In production there is no default.
SECRET_KEY = env.str("SECRET_KEY", default="insecure-development-key") if DEBUG else env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# The origins of the front ends. Only their pages may send cookies.
STORE_ORIGINS = env.origins(
    "STORE_ORIGINS", default=["http://localhost:3000", "http://localhost:5173"] if DEBUG else []
)

# The in-browser IDE at /graphiql/. In production nobody needs it, and it is one more page to attack.
STORE_GRAPHIQL = env.bool("STORE_GRAPHIQL", default=DEBUG)
# The page /dev/mail/, with all mails in sample data.
MAIL_SAMPLES_SHOWN = DEBUG

# In development a resolver that reads an unselected column of its row raises an error, where production has a statement
# more and a warning. So does a selector that is passed uncalled and returns another query from one call to the next.
FASTGRAPH_STRICT = DEBUG

INSTALLED_APPS = [
    "backend",  # before Unfold, because it replaces the admin's index page
    "demo",  # before staticfiles, because it replaces runserver
    "unfold.apps.BasicAppConfig",  # without Unfold's site: ours derives from it
    "unfold.contrib.filters",
    "backend.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "strawberry_django",
    "django_tasks",
    "django_tasks_db",  # after backend, which replaces its db_worker
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "policies",
    "hooks",
    "accounts",
    "catalog",
    "pricing",
    "orders",
    "reviews",
    "packages.answer_cache",
]

MIDDLEWARE = [
    "backend.middleware.watch_requests",
    "backend.middleware.trace_requests",
    "backend.middleware.security_headers",
    "backend.middleware.json_errors",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.throttle.Throttling",
    "django.middleware.security.SecurityMiddleware",
    "backend.http.health.probes",
    # In development runserver serves the static files from their sources. In production they have been collected.
    *([] if DEBUG else ["whitenoise.middleware.WhiteNoiseMiddleware"]),
    "backend.http.origins.report_refused",
    "corsheaders.middleware.CorsMiddleware",
    "backend.middleware.speak_language",
    "backend.http.sessions.sessions_by_header",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.second_factor.SecondFactor",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "backend.urls"
WSGI_APPLICATION = "backend.wsgi.application"

# Templates of a shop's own in place of the store's, such as mail/base.html.
STORE_TEMPLATES = env.path("STORE_TEMPLATES", default=BASE_DIR / "templates")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [STORE_TEMPLATES, BASE_DIR / "core" / "templates"],
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


# A PostgreSQL that was cut off, or whose address has moved to another machine, is given up after some ten seconds. TCP
# alone would hold a thread that has sent something for a quarter of an hour, and one that waits for an answer for ever.
POSTGRESQL_PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}


def database(config: dict[str, Any]) -> dict[str, Any]:
    """Complete a database: SQLite for one machine, PostgreSQL for many. The URL's parameters override these options."""
    given = config["OPTIONS"]
    # Each thread of the server keeps its connection, because opening one takes longer than most requests. Under
    # runserver, which has a new thread for every request, connections are closed.
    config["CONN_MAX_AGE"] = 0 if DEBUG else None
    # Asks each connection whether it still works before a request uses it, so that a restart or a failover fails only
    # the requests that it interrupts.
    config["CONN_HEALTH_CHECKS"] = config["ENGINE"] == environment.POSTGRESQL
    if config["ENGINE"] == environment.SQLITE:
        config["OPTIONS"] = {
            # BEGIN takes the write lock, so that two writers queue instead of failing halfway.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            **given,
        }
        # A file, not memory, because the tests of races need connections that lock each other out.
        config["TEST"] = {"NAME": Path(gettempdir()) / f"store-test-{os.getpid()}.sqlite3"}
    else:
        # Behind a pooler the next transaction may get another connection, without the prepared statements and the
        # cursors of this one.
        pooler = env.bool("DATABASE_POOLER", default=False)
        config["DISABLE_SERVER_SIDE_CURSORS"] = pooler
        # The server binds the parameters for the sake of prepared statements. Without these it costs more than it
        # saves. Compilation of a statement (jit) takes longer than any of the shop's statements.
        session = f"-c jit=off {given.get('options', '')}".strip()
        ours = {"server_side_binding": True, "prepare_threshold": 5, "options": session}
        config["OPTIONS"] = {**POSTGRESQL_PATIENCE, **given, **({} if pooler else ours)}
    return config


def replica(config: dict[str, Any]) -> dict[str, Any]:
    """Complete a replica of the database. Tests read the database itself in its place."""
    if config["ENGINE"] != environment.POSTGRESQL:
        raise ImproperlyConfigured("DATABASE_REPLICA_URLS must begin with postgres://.")
    # A machine that is gone does not refuse a connection.
    given = {"connect_timeout": 2, **config["OPTIONS"]}
    config = database({**config, "OPTIONS": given})
    config["ENGINE"] = "packages.replicas.postgresql"
    # Each use begins with a statement that finds out whether the replica answers.
    config["CONN_HEALTH_CHECKS"] = False
    config["TEST"] = {"MIRROR": "default"}
    return config


DATABASES = {
    "default": database(env.database_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}"))
}
# Queries read from these, if they have all that is committed.
REPLICAS = {
    f"replica_{number}": replica(config)
    for number, config in enumerate(env.database_urls("DATABASE_REPLICA_URLS"), start=1)
}
DATABASES |= REPLICAS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sessions are in the database and nowhere else: a copy in Redis would bring back a session that ended while Redis was
# away. Reading one takes a statement by its primary key.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
REDIS_URL = env.redis_url("REDIS_URL")
if REDIS_URL:
    CACHE = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    # A Redis that hangs must not hold the threads. The URL's parameters override these.
    CACHE_OPTIONS: dict[str, Any] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
else:
    CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    CACHE_OPTIONS = {}
CACHES: dict[str, dict[str, Any]] = {
    # Beyond this many entries some are dropped, including counts of attempts. Entries are numbers under short keys, at
    # most 25 MB.
    "default": {**CACHE, "OPTIONS": CACHE_OPTIONS or {"MAX_ENTRIES": 50_000}},
    # Persisted documents have their own cache, so that a flood of them cannot drive out the counts of attempts.
    "documents": {
        **CACHE,
        "LOCATION": REDIS_URL or "documents",
        "KEY_PREFIX": "document",
        "TIMEOUT": 24 * 60 * 60,
        # More than twice the number that backend.http.persisted keeps, which limits them itself.
        "OPTIONS": CACHE_OPTIONS or {"MAX_ENTRIES": 2000},
    },
}

# Each process keeps answers to guests until the data changes. The processes announce changes in a file, by default
# beside the SQLite database. With PostgreSQL, name a file that all processes share, or announce changes in Redis if
# they run on several machines.
_sqlite = str(DATABASES["default"]["NAME"]) if "sqlite3" in DATABASES["default"]["ENGINE"] else ""
STORE_ANSWER_CACHE = env.bool("STORE_ANSWER_CACHE", default=_sqlite not in ("", ":memory:"))
STORE_ANSWER_KEEPER = env.choice("STORE_ANSWER_KEEPER", default="file", choices=["file", "redis"])
STORE_REVISION_FILE = env.path("STORE_REVISION_FILE", default=f"{_sqlite or BASE_DIR / 'db'}-revision")
# Milliseconds by which a kept answer may be older than the last commit, with Redis; 0 for none.
STORE_ANSWER_WITHIN = env.int("STORE_ANSWER_WITHIN", default=0) / 1000

# ── Accounts ─────────────────────────────────────────────────────────────────

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = ["accounts.passwords.OneAtATime"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# The staff have no rights, in the admin or in the API, until they have used a second factor in the admin.
STORE_STAFF_TWO_FACTOR = env.bool("STORE_STAFF_TWO_FACTOR", default=False)
LOGIN_REDIRECT_URL = "admin:index"  # the only pages of the store with a sign-in form
PASSWORD_RESET_TIMEOUT = env.int("PASSWORD_RESET_TIMEOUT", default=60 * 60 * 24, at_least=1)

# ── Cookies and cross-site requests ──────────────────────────────────────────

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = env.choice(
    "COOKIE_SAMESITE", default="Lax", choices=["Lax", "Strict", "None"]
)
CORS_ALLOWED_ORIGINS = STORE_ORIGINS
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = (
    "accept",
    "content-type",
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "x-apollo-operation-name",
    "x-store-session",
    # Sentry and OpenTelemetry add these to each request of the browser.
    *("sentry-trace", "baggage", "traceparent", "tracestate"),
    *env.list("STORE_CORS_HEADERS"),
)
CORS_EXPOSE_HEADERS = ("x-request-id", "x-store-session")

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|healthz|metrics)$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 60 * 60 * 24 * 365)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=not DEBUG)
# A domain in the browsers' lists leaves them after months. So nobody gets there by a default, and check --deploy does
# not ask for it.
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W021"]
# The header in which a proxy that terminates TLS passes the scheme. WSGI does not distinguish dashes from underscores,
# so only a name without dashes cannot be forged by another spelling: see deploy/.
STORE_SCHEME_HEADER = env.str("STORE_SCHEME_HEADER", default="X-Forwarded-Proto")
SECURE_PROXY_SSL_HEADER: tuple[str, str] | None = None
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = (f"HTTP_{STORE_SCHEME_HEADER.upper().replace('-', '_')}", "https")

# ── Limits ───────────────────────────────────────────────────────────────────

# Limits on one GraphQL operation: see backend/http/limits.py.
STORE_INTROSPECTION = env.bool("STORE_INTROSPECTION", default=True)
STORE_MAX_DOCUMENT_BYTES = env.int("STORE_MAX_DOCUMENT_BYTES", default=20_000, at_least=1)
STORE_MAX_VARIABLE_VALUES = env.int("STORE_MAX_VARIABLE_VALUES", default=1000, at_least=1)
STORE_MAX_SELECTIONS = env.int("STORE_MAX_SELECTIONS", default=300, at_least=1)
STORE_MAX_ALIASES = env.int("STORE_MAX_ALIASES", default=30, at_least=1)
STORE_MAX_DIRECTIVES = env.int("STORE_MAX_DIRECTIVES", default=50, at_least=1)
STORE_MAX_DEPTH = env.int("STORE_MAX_DEPTH", default=16, at_least=1)
STORE_MAX_MUTATIONS = env.int("STORE_MAX_MUTATIONS", default=5, at_least=1)
STORE_MAX_COST = env.int("STORE_MAX_COST", default=15_000, at_least=1)
# The limit on all operations of one session or address together: see backend/http/budget.py. 0 switches it off.
STORE_MAX_COST_PER_MINUTE = env.int("STORE_MAX_COST_PER_MINUTE", default=1_000_000, at_least=0)
# Attempts are counted by address. Behind proxies, it is the address that the first of our proxies saw.
STORE_TRUSTED_PROXIES = env.int("STORE_TRUSTED_PROXIES", default=0)
STORE_CLIENT_HEADER = env.str("STORE_CLIENT_HEADER", default="")
# A server that renders pages, and knows this, passes on its shopper's address: see core/throttle.py.
STORE_RENDERER_SECRET = env.str("STORE_RENDERER_SECRET", default="")
# The number of new visitors from one address in an hour. Each has a session and a cart.
STORE_MAX_VISITORS = env.int("STORE_MAX_VISITORS", default=1000, at_least=1)
# The number of threads of a process that may wait for Stripe. The server must have more threads.
STORE_MAX_WAITING = env.int("STORE_MAX_WAITING", default=2, at_least=1)
RATELIMIT_IP_META_KEY = "core.throttle.client_address"

# ── Files ────────────────────────────────────────────────────────────────────

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static"
# GraphiQL comes from a package of its static files, so it works without a network.
GRAPHIQL_PACKAGE = find_spec("graphene_django_graphiql_static")
assert GRAPHIQL_PACKAGE is not None
assert GRAPHIQL_PACKAGE.origin is not None
STATICFILES_DIRS = [Path(GRAPHIQL_PACKAGE.origin).parent / "static"]
MEDIA_URL = env.str("MEDIA_URL", default="/media/").rstrip("/") + "/"
# The addresses that a front end may read from another origin. The store's own pages, such as the admin, are not among
# them.
CORS_URLS_REGEX = rf"/graphql/?\Z|{re.escape(MEDIA_URL)}"
MEDIA_ROOT = env.path("MEDIA_ROOT", default=BASE_DIR / "media")
# A bucket in place of the folder.
MEDIA_STORAGE = env.bucket_url("MEDIA_STORAGE")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if MEDIA_STORAGE:
    if not urlsplit(MEDIA_URL).netloc:
        raise ImproperlyConfigured(
            "MEDIA_STORAGE needs MEDIA_URL, the address at which browsers find its files."
        )
    STORAGES["default"] = {
        "BACKEND": "core.media.Bucket",
        "OPTIONS": {**MEDIA_STORAGE, "public_url": MEDIA_URL},
    }
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# The admin's form of a product with 100 variants has 2,100 fields: what was typed, and what was shown.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000

# ── Tasks ────────────────────────────────────────────────────────────────────

# What runs the work that follows a commit, such as mail: `manage.py db_worker`, or another backend of Django's tasks.
STORE_TASKS_BACKEND = env.str("STORE_TASKS_BACKEND", default="django_tasks_db.DatabaseBackend")
TASKS = {"default": {"BACKEND": STORE_TASKS_BACKEND}}

# ── Webhooks ─────────────────────────────────────────────────────────────────

# Endpoints in private networks: any member of the staff who may add one could otherwise reach what is only inside.
STORE_WEBHOOKS_PRIVATE = env.bool("STORE_WEBHOOKS_PRIVATE", default=DEBUG)
WEBHOOKS_BY_HTTP = DEBUG
# A variant's stock is low from this number down; webhooks tell of it.
STORE_LOW_STOCK = env.int("STORE_LOW_STOCK", default=10, at_least=0)

# ── Mail ─────────────────────────────────────────────────────────────────────

vars().update(env.email_url("EMAIL_URL", default="consolemail://", timeout=10))
# The limit on mails of each kind to one recipient in an hour: those that an account needs, and notices.
STORE_MAILS_PER_HOUR = env.int("STORE_MAILS_PER_HOUR", default=5, at_least=1)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="shop@localhost")

# ── The store ────────────────────────────────────────────────────────────────

STORE_NAME = env.str("STORE_NAME", default="Store")
OTP_TOTP_ISSUER = STORE_NAME
# The colour of mails, and the lines at their foot.
STORE_COLOUR = env.colour("STORE_COLOUR", default="#1f2937")
STORE_ADDRESS = env.list("STORE_ADDRESS")
# On invoices: the shop's own VAT id, and what their numbers and those of credit notes begin with.
STORE_VAT_ID = env.str("STORE_VAT_ID", default="")
STORE_INVOICE_PREFIX = env.str("STORE_INVOICE_PREFIX", default="INV-")
STORE_CREDIT_NOTE_PREFIX = env.str("STORE_CREDIT_NOTE_PREFIX", default="CN-")
STORE_CURRENCY = env.choice("STORE_CURRENCY", default="USD", choices=EXPONENTS)
# Where the shop is. Its tax is assumed until a cart's destination is known.
STORE_COUNTRY = env.str("STORE_COUNTRY", default="US").upper()
STORE_PRICES_INCLUDE_TAX = env.bool("STORE_PRICES_INCLUDE_TAX", default=False)
# Of prices that include tax: abroad the same price includes the tax there, or the price without tax stays the same.
STORE_PRICES_ABROAD = env.choice("STORE_PRICES_ABROAD", default="gross", choices=["gross", "net"])
# Whether the totals of delivery rates are those of the goods before the discount code, or after it.
STORE_DELIVERY_TOTAL = env.choice("STORE_DELIVERY_TOTAL", default="after", choices=["before", "after"])
STORE_TAX_PROVIDER = env.str("STORE_TAX_PROVIDER", default="pricing.tax.TaxTables")
STORE_SEARCH_LANGUAGES = env.choices("STORE_SEARCH_LANGUAGES", default=["en"], choices=LATIN)
STORE_SEARCH_SEMANTIC = env.bool("STORE_SEARCH_SEMANTIC", default=False)
STORE_GUEST_CHECKOUT = env.bool("STORE_GUEST_CHECKOUT", default=True)
STORE_SHIP_ON_PAYMENT = env.bool("STORE_SHIP_ON_PAYMENT", default=True)
# Days after the last parcel in which a customer may ask to return what was bought. 0 allows none after that day.
STORE_RETURN_DAYS = env.int("STORE_RETURN_DAYS", default=14, at_least=0)
STORE_COMMENTS_NEED_VERIFICATION = env.bool("STORE_COMMENTS_NEED_VERIFICATION", default=False)
STORE_ORDER_EXPIRY = timedelta(minutes=env.int("STORE_ORDER_EXPIRY", default=30, at_least=0))
# Limits on the stock that unpaid orders hold, so that nobody empties the shop without paying: see orders/holds.py.
STORE_HOLD_UNTRIED = timedelta(minutes=env.int("STORE_HOLD_UNTRIED", default=10, at_least=0))
STORE_HOLD_SHARE = env.int("STORE_HOLD_SHARE", default=50, at_least=1)
STORE_HOLD_MINIMUM = env.int("STORE_HOLD_MINIMUM", default=10, at_least=1)
STORE_HOLD_LINES = env.int("STORE_HOLD_LINES", default=100, at_least=1)
STORE_HOLD_UNITS = env.int("STORE_HOLD_UNITS", default=1000, at_least=1)
STORE_HOLD_ADDRESS_LINES = env.int("STORE_HOLD_ADDRESS_LINES", default=200, at_least=1)
STORE_HOLD_ADDRESS_UNITS = env.int("STORE_HOLD_ADDRESS_UNITS", default=5000, at_least=1)
# Days after which `manage.py housekeeping` deletes carts, drafts and records of events. Stripe repeats an event for
# three days.
STORE_KEEP_CARTS = timedelta(days=env.int("STORE_KEEP_CARTS", default=30, at_least=1))
STORE_KEEP_DRAFTS = timedelta(days=env.int("STORE_KEEP_DRAFTS", default=30, at_least=1))
STORE_KEEP_EVENTS = timedelta(days=env.int("STORE_KEEP_EVENTS", default=30, at_least=3))
# Days after which nobody waits for a product any more.
STORE_KEEP_NOTICES = timedelta(days=env.int("STORE_KEEP_NOTICES", default=180, at_least=1))
# The front end's address, for the links in mails and to previews.
STORE_FRONTEND_URL = env.url("STORE_FRONTEND_URL", default="http://localhost:3000")
# The store's own address, for the links in mails that it answers itself; by default that of the front end, whose server
# hands them on.
STORE_PUBLIC_URL = env.url("STORE_PUBLIC_URL", default="")

# Without a Stripe account the SDK uses our fake, which is allowed only with DEBUG.
STRIPE_FAKE_ALLOWED = DEBUG
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_PUBLISHABLE_KEY = env.str("STRIPE_PUBLISHABLE_KEY", default="")
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=["whsec_development"] if DEBUG else [])
# Seconds that a request waits for Stripe; see orders/payments/gateway.py.
STRIPE_CONNECT_TIMEOUT = env.int("STRIPE_CONNECT_TIMEOUT", default=2, at_least=1)
STRIPE_READ_TIMEOUT = env.int("STRIPE_READ_TIMEOUT", default=5, at_least=1)
# Where `manage.py stripe_fake` delivers webhooks, unless it is the store that runserver started last.
STRIPE_WEBHOOK_URL = env.url("STRIPE_WEBHOOK_URL", default="")
STRIPE_FAKE_DB = env.path("STRIPE_FAKE_DB", default=BASE_DIR / "stripe_fake.sqlite3")

# ── The rest ─────────────────────────────────────────────────────────────────

_known = [code for code, _ in global_settings.LANGUAGES] + ["en-us"]
STORE_LANGUAGES = env.choices("STORE_LANGUAGES", default=["en", "de"], choices=_known)
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", default=STORE_LANGUAGES[0], choices=_known)
LANGUAGES = [(code, code) for code in dict.fromkeys([LANGUAGE_CODE, *STORE_LANGUAGES])]
# Translations of a shop's own, which go before the store's: for more languages, or in other words.
STORE_LOCALE = env.path("STORE_LOCALE", default=BASE_DIR / "locale")
LOCALE_PATHS = [STORE_LOCALE]
TIME_ZONE = env.time_zone("TIME_ZONE", default="UTC")
USE_TZ = True

LOG_LEVEL = env.choice("LOG_LEVEL", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
# Who knows it may read /metrics.
STORE_METRICS_TOKEN = env.str("STORE_METRICS_TOKEN", default="")
# Where the processes of one machine add up their counts.
STORE_METRICS_DIR = env.path("STORE_METRICS_DIR", default=BASE_DIR / "metrics")
# While this file exists, probes tell balancers to send nothing more: the service is about to stop.
STORE_DRAIN_FILE = env.str("STORE_DRAIN_FILE", default="")
LOG_FORMAT = env.choice("LOG_FORMAT", default="line", choices=["line", "json"])
# One record for each request that is not answered from the answer cache.
STORE_ACCESS_LOG = env.bool("STORE_ACCESS_LOG", default=False)
# Where faults are reported, besides the log.
SENTRY_DSN = env.url("SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env.str("SENTRY_ENVIRONMENT", default="development" if DEBUG else "production")
if SENTRY_DSN:
    report_faults(SENTRY_DSN, environment=SENTRY_ENVIRONMENT)
# Where spans are sent. OpenTelemetry reads this and its other variables itself.
OTEL_EXPORTER_OTLP_ENDPOINT = env.url("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{levelname} {name} {message}", "style": "{"},
        "json": {"()": "core.logs.JsonLines"},
    },
    "filters": {"mistakes": {"()": "core.logs.MistakesOfClients"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["mistakes"]}
    },
    "loggers": {"stripe": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}


UNFOLD = {
    "SITE_TITLE": STORE_NAME,
    "SITE_HEADER": STORE_NAME,
    "SITE_SYMBOL": "storefront",
    "SITE_URL": STORE_FRONTEND_URL,
    "DASHBOARD_CALLBACK": "backend.dashboard.dashboard",
    "SIDEBAR": {
        "show_all_applications": True,
        "navigation": NAVIGATION,
    },
}
