"""``tradectl runs``, ``diff``, ``why``, ``missed`` and ``accounting``: command lines and pages."""
