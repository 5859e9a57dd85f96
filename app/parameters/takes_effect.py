"""When a change of a parameter takes effect, in words: on pages, in help and in the reference."""

from __future__ import annotations

_WORDS = {
    "yes": "at once",
    "reseed": "at once, windows refilled",
    "rebalance": "on the next day: slots are cut before it",
    "step_up_raised": "at once; raise with --step-up",
    "step_up_loosened": "at once; loosen with --step-up",
    "restart": "at restart",
    "no": "at restart",
}
"""By what a parameter's row says of it; at once is from the next bucket on."""


def takes_effect(hot: str) -> str:
    """Return when a change holds, by the parameter's ``hot``."""
    return _WORDS[hot]
