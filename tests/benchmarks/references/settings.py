"""The store's settings with the URLs that REFERENCE names."""

import os

from backend.settings import *  # noqa: F403

ROOT_URLCONF = os.environ["REFERENCE"]
