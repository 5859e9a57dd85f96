"""Alpaca as nautilus's execution client."""
