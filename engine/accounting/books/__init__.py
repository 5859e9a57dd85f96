"""The books of a run, each a fold over its facts."""
