from packages.replicas.reading import LOST as LOST
from packages.replicas.reading import Replicas as Replicas
