"""The WSGI application that a production server runs."""

import os

from django.core.wsgi import get_wsgi_application

from backend.answers import keep_answers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

application = keep_answers(get_wsgi_application())
