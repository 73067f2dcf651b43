"""Search by meaning: the products whose texts mean what a term means. It needs the extra `semantic`.

Import it only where STORE_SEARCH_SEMANTIC is on.
"""

from catalog.search.semantic.embedding import load_model
from catalog.search.semantic.nearest import Near, find_nearest
from catalog.search.semantic.vectors import count_missing, embed_missing

__all__ = ["Near", "count_missing", "embed_missing", "find_nearest", "load_model"]
