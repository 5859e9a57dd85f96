"""Backtest recorded days: scan, engine, report."""
