"""The WSGI application that a production server runs."""

import os

from django.core.wsgi import get_wsgi_application

from backend.http.guard import Guard
from packages.answer_cache.answers import Answers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

application = Guard(Answers(get_wsgi_application()))
