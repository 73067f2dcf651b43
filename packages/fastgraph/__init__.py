"""Operations compiled to functions: what the document says is worked out once, and each run only fetches and fills.

graphql-core's executor stays the authority. It runs what has no plan, and runs again what a plan fails at, so that
every error is found and placed by it alone.
"""

from packages.fastgraph.info import PlannedInfo, Readings
from packages.fastgraph.plan import Plan
from packages.fastgraph.selections import Unplanned

__all__ = ["Plan", "PlannedInfo", "Readings", "Unplanned"]
