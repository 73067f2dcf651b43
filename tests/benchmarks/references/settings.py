"""The store's own settings, but for what is served: the URLs that REFERENCE names."""

import os

from backend.settings import *  # noqa: F403

ROOT_URLCONF = os.environ["REFERENCE"]
