"""Django's backend for PostgreSQL, with a limit on the time that a client waits for an answer.

The server's `statement_timeout` does not end the wait for a machine that has stopped, or that was cut off.
"""

from functools import partial
from typing import Any

from django.db.backends.postgresql import base

# Of one statement. Then the primary is asked.
PATIENCE_SECONDS = 2.0


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.wait = partial(connection.wait, timeout=PATIENCE_SECONDS)
        return connection
