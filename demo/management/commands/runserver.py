"""Django's development server, with room for many shoppers who come at the same moment."""

from django.contrib.staticfiles.management.commands.runserver import Command as StaticFilesCommand
from django.core.servers.basehttp import WSGIServer


class Server(WSGIServer):
    # Django's 10 resets the connections of a burst: of fifty buyers of the last unit most would hear nothing.
    request_queue_size = 256


class Command(StaticFilesCommand):
    server_cls = Server
