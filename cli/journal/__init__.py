"""``tradectl journal`` and ``database``: command lines and pages."""
