"""Market data into the catalog, out of it, and what it holds."""
