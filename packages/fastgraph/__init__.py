"""Compiled GraphQL operations for Strawberry-Django: compile once, run many times. See README.md."""

from packages.fastgraph.fields import field as field
from packages.fastgraph.fields import related as related
from packages.fastgraph.info import PlannedInfo as PlannedInfo
from packages.fastgraph.parents import HasKey as HasKey
from packages.fastgraph.plan import Plan as Plan
from packages.fastgraph.reading import is_below_list as is_below_list
from packages.fastgraph.reading import keys_of as keys_of
from packages.fastgraph.reading import read as read
from packages.fastgraph.rows import NotSelected as NotSelected
from packages.fastgraph.rows import Readings as Readings
from packages.fastgraph.rows import Row as Row
from packages.fastgraph.rows import StoredFile as StoredFile
from packages.fastgraph.rows import peers_of as peers_of
from packages.fastgraph.selections import Unplanned as Unplanned
from packages.fastgraph.statements import Bind as Bind
from packages.fastgraph.statements import Column as Column
from packages.fastgraph.statements import Computed as Computed
from packages.fastgraph.statements import Statement as Statement
from packages.fastgraph.statements import bind_values as bind_values
from packages.fastgraph.statements import column_of as column_of
from packages.fastgraph.statements import keep_parameters as keep_parameters
