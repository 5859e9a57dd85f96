"""A venue whose time went back: what it is called, and what is said of it."""

from __future__ import annotations

VENUE_CLOCK = "venue clock"
"""Name of the issue."""


def behind(secs: float) -> str:
    """Return what is said of a venue whose time went back."""
    return (
        f"it lies {secs:.1f} s before what this run has seen already; exits and commands go on, "
        "entries wait until it has caught up"
    )
