"""``tradectl do`` and ``governor``: command lines and pages."""
