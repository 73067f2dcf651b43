from catalog.search.index.installation import find_faults, install, misses_products, reindex, report_faults

__all__ = ["find_faults", "install", "misses_products", "reindex", "report_faults"]
