"""Journals: the facts of runs in SQLite or PostgreSQL, one writer each."""
