"""A reference with references/settings.py and the same Stripe as the store."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.references.settings"

application = get_wsgi_application()

from tests.benchmarks.load.stripe import use_instant_stripe  # noqa: E402 - after Django is set up

use_instant_stripe()
