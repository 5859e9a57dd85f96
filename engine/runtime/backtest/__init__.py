"""Recorded days inside nautilus's backtest engine."""
