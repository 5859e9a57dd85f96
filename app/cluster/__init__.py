"""A live system of several processes: relay, shards, hub."""
