"""GraphQL types of the catalogue."""

from catalog.types.categories import *
from catalog.types.choices import *
from catalog.types.objects import *
from catalog.types.results import *
from catalog.types.sitemap import *
from catalog.types.variants import *
