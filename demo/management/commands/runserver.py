"""Django's development server with a longer queue, for many shoppers at the same moment.

It registers its address with the fake Stripe, so that `manage.py stripe_fake` pays in this store, on any port.
"""

from django.contrib.staticfiles.management.commands.runserver import Command as StaticFilesCommand
from django.core.servers.basehttp import WSGIServer
from django.urls import reverse

from orders.payments import simulation
from orders.payments.gateway import is_fake_in_use


class Server(WSGIServer):
    # With Django's 10, a burst of connections is reset: most of fifty buyers of the last unit would get no answer.
    request_queue_size = 256


class Command(StaticFilesCommand):
    server_cls = Server
    addr: str
    _raw_ipv6: bool

    def on_bind(self, server_port: int) -> None:
        super().on_bind(server_port)
        if is_fake_in_use():
            host = f"[{self.addr}]" if self._raw_ipv6 else self.addr
            reached_at = "127.0.0.1" if host in ("0", "0.0.0.0") else host
            simulation.add_endpoint(f"http://{reached_at}:{server_port}{reverse('stripe-webhook')}")
