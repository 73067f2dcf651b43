"""The WSGI application that a production server runs."""

import os

from django.core.wsgi import get_wsgi_application

from backend.answers import keep_answers
from backend.http.guard import Guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

application = Guard(keep_answers(get_wsgi_application()))
