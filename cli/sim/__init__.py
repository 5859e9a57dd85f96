"""``tradectl sim``: command lines and pages."""
