"""The WSGI application that a production server runs."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from backend.answers import keep_answers
from backend.http.guard import Guard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

application = Guard(keep_answers(get_wsgi_application()))

# A full collection walks over everything that lives, and stops all threads meanwhile: 94 ms, where a list takes 4. So
# what lives for ever is loaded before the first request, and left out of it. The thresholds are Python's own: the
# longest pause is 5 ms with them, 20 ms with (10000, 20, 50), and 80 ms with (50000, 10, 10).
_ = get_resolver().url_patterns  # the views, and with them the schema
gc.collect()
gc.freeze()
