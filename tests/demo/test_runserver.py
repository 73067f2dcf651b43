"""The development server accepts a burst of connections."""

from contextlib import ExitStack
from socket import create_connection, create_server

from django.core.servers.basehttp import WSGIRequestHandler
from pytest_django import Settings

from demo.management.commands.runserver import Command, Server
from orders.payments import simulation


class TestServer:
    def test_keeps_fifty_who_come_before_it_has_answered_one(self) -> None:
        with ExitStack() as stack:
            server = stack.enter_context(Server(("127.0.0.1", 0), WSGIRequestHandler))
            for _ in range(50):
                stack.enter_context(create_connection(("127.0.0.1", server.server_port), timeout=2))


class TestWebhooks:
    """manage.py stripe_fake finds the running store on any port."""

    @staticmethod
    def start(port: int) -> str:
        command = Command()
        command.addr, command._raw_ipv6, command.protocol = "127.0.0.1", False, "http"
        command.on_bind(port)
        return f"http://127.0.0.1:{port}/stripe/webhook/"

    def test_go_to_the_store_that_started_last_of_those_that_run(self) -> None:
        with ExitStack() as stack:
            first, second = (stack.enter_context(create_server(("127.0.0.1", 0))) for _ in range(2))
            ports = [server.getsockname()[1] for server in (first, second)]
            urls = [self.start(port) for port in ports]
            assert simulation.webhook_url() == urls[1]
            self.start(ports[0])
            assert simulation.webhook_url() == urls[0]
            first.close()
            assert simulation.webhook_url() == urls[1]
            second.close()
            assert simulation.webhook_url() == simulation.USUAL_WEBHOOK_URL

    def test_go_where_the_settings_say(self, settings: Settings) -> None:
        with create_server(("127.0.0.1", 0)) as server:
            self.start(server.getsockname()[1])
            settings.STRIPE_WEBHOOK_URL = "http://127.0.0.1:9/stripe/webhook/"
            assert simulation.webhook_url() == settings.STRIPE_WEBHOOK_URL
