"""Backups and archives of facts."""
