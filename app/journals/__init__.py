"""Journals read, verified, replayed, exported, archived."""
