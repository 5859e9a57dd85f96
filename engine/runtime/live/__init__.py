"""Hops 1 → 6 against the wall clock: a nautilus node, its venue and whoever keeps the time."""
