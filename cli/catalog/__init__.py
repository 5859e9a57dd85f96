"""``tradectl catalog``: command lines and pages."""
