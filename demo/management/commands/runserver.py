"""Django's development server, with room for many shoppers who come at the same moment.

It tells the fake Stripe where it listens, so that `manage.py stripe_fake` pays in this store, on whatever port it is.
"""

from django.contrib.staticfiles.management.commands.runserver import Command as StaticFilesCommand
from django.core.servers.basehttp import WSGIServer
from django.urls import reverse

from orders.payments import simulation
from orders.payments.gateway import is_fake_in_use


class Server(WSGIServer):
    # Django's 10 resets the connections of a burst: of fifty buyers of the last unit most would hear nothing.
    request_queue_size = 256


class Command(StaticFilesCommand):
    server_cls = Server

    def on_bind(self, server_port: int) -> None:
        super().on_bind(server_port)
        if is_fake_in_use():
            host = f"[{self.addr}]" if self._raw_ipv6 else self.addr
            reached_at = "127.0.0.1" if host in ("0", "0.0.0.0") else host
            simulation.add_endpoint(f"http://{reached_at}:{server_port}{reverse('stripe-webhook')}")
