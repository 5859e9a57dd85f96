"""``tradectl cluster``: command lines and pages."""
