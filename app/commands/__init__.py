"""Commands to a running engine: previewed, given, answered."""
