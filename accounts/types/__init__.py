"""GraphQL types of people, and of their addresses."""

from accounts.types.addresses import *
from accounts.types.people import *
