"""Where code runs: the alphabet in slots, what shards say of them, and how the hub joins it."""
