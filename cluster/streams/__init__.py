"""What hub and shards send each other: streams and values, in one process or over a server."""
