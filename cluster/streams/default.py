"""Where the server between hub and shards is, if nobody says."""

DEFAULT_REDIS = "redis://127.0.0.1:6379"
