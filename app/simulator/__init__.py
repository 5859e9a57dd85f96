"""A simulator of a venue: run on this machine, and steered while it runs."""
