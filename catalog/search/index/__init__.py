from catalog.search.index.installation import find_faults, install, misses_products, reindex, report_faults
from catalog.search.index.parts import COPY_ALL, VALUE_TEXT

__all__ = ["COPY_ALL", "VALUE_TEXT", "find_faults", "install", "misses_products", "reindex", "report_faults"]
