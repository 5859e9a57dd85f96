"""The database of facts: inspected, migrated, backed up, restored."""
