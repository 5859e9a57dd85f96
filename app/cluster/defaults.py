"""What holds for the cluster of a machine unless somebody says otherwise."""

from __future__ import annotations

from pathlib import Path

DEFAULT_FOLDER = Path("data/cluster")
"""Of what its processes say, of the server's data, and of what tells where it is."""

REDIS_VARIABLE = "TRADECTL_REDIS_URL"
"""Names the server between hub and shards."""
