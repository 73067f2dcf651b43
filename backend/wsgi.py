"""The WSGI application that a production server runs."""

import gc
import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from backend.answers import keep_answers
from backend.http.guard import Guard
from core.metrics import share_counts

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")

if settings.STORE_METRICS_TOKEN:
    share_counts(Path(settings.STORE_METRICS_DIR))

application = Guard(keep_answers(get_wsgi_application()))

# A full garbage collection visits every object and stops all threads: 94 ms, while a list takes 4 ms. So permanent
# objects are loaded before the first request, and frozen. The thresholds are Python's defaults: with them the longest
# pause is 5 ms, with (10000, 20, 50) it is 20 ms, and with (50000, 10, 10) 80 ms.
_ = get_resolver().url_patterns  # the views, and with them the schema
if settings.STORE_SEARCH_SEMANTIC:
    from catalog.search.semantic import load_model  # needs packages that not every shop has

    load_model()
gc.collect()
gc.freeze()
