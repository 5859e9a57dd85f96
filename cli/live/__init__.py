"""``tradectl live`` and ``positions``: command lines and pages."""
