"""GraphQL operations of Strawberry-Django, compiled once and run many times. See README.md."""

from packages.fastgraph.info import PlannedInfo as PlannedInfo
from packages.fastgraph.parents import HasKey as HasKey
from packages.fastgraph.parents import columns_read as columns_read
from packages.fastgraph.plan import Plan as Plan
from packages.fastgraph.selections import Unplanned as Unplanned
