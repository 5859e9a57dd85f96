"""Market data at rest: store, import, pull, quality, synthetic tape."""

from catalog.buckets import StoredBuckets
from catalog.reference import StoredReference
from catalog.store import Catalog

__all__ = ["Catalog", "StoredBuckets", "StoredReference"]
