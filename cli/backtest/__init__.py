"""``tradectl scan``, ``backtest``, ``session`` and ``rehearse``: command lines and pages."""
