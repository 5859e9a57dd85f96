"""Alpaca's market data as nautilus wants it."""
