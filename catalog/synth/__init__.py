"""A seeded market day that looks like one, with accelerations planted where they are known."""

from catalog.synth.day import (
    ACCELERATIONS,
    SynthReport,
    planted_accelerations,
    stored_recipe,
    synthesize,
)
from catalog.synth.recipe import Recipe

__all__ = [
    "ACCELERATIONS",
    "Recipe",
    "SynthReport",
    "planted_accelerations",
    "stored_recipe",
    "synthesize",
]
