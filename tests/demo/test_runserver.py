"""The development server hears everyone of a burst."""

from contextlib import ExitStack
from socket import create_connection

from django.core.servers.basehttp import WSGIRequestHandler

from demo.management.commands.runserver import Server


class TestServer:
    def test_keeps_fifty_who_come_before_it_has_answered_one(self) -> None:
        with ExitStack() as stack:
            server = stack.enter_context(Server(("127.0.0.1", 0), WSGIRequestHandler))
            for _ in range(50):
                stack.enter_context(create_connection(("127.0.0.1", server.server_port), timeout=2))
