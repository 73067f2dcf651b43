"""Reports of faults to Sentry, or to what speaks its protocol. They say what happened, and not to whom."""

from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration

from core.logs import facts

# The facts of a request that find its record in the log again.
TAGS = ("request_id", "operation")


def report_faults(dsn: str, *, environment: str) -> None:
    """Send what is logged as an error from now on, with its traceback. A thread of its own sends it."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        # The others add what was typed at the command line, and wrap Django.
        default_integrations=False,
        integrations=[
            LoggingIntegration(level=None),
            ExcepthookIntegration(),
            AtexitIntegration(callback=lambda *_: None),
        ],
        before_send=add_tags,
        # All of these can hold names, addresses or secrets.
        include_local_variables=False,
        max_breadcrumbs=0,
        max_request_body_size="never",
        send_default_pii=False,
        server_name="",
    )


def add_tags(event: Any, _: Any) -> Any:
    known = facts.get() or {}
    event["tags"] = {name: known[name] for name in TAGS if name in known}
    return event
