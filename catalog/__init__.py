"""Market data at rest: store, import, quality, synthetic tape."""

from catalog.store import Catalog

__all__ = ["Catalog"]
