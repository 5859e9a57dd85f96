"""``tradectl params``: command lines and pages."""
