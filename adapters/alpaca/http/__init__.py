"""Alpaca's REST APIs."""
