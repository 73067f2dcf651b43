"""GraphQL types of carts, orders and payments."""

from orders.models import OrderStatus as OrderStatus
from orders.types.carts import *
from orders.types.documents import *
from orders.types.items import *
from orders.types.orders import *
from orders.types.parcels import *
from orders.types.results import *
from orders.types.taxes import *
