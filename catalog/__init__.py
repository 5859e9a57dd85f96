"""Market data at rest: store, import, quality, synthetic tape."""

from catalog.buckets import StoredBuckets
from catalog.store import Catalog

__all__ = ["Catalog", "StoredBuckets"]
