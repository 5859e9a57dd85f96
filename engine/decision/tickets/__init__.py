"""Tickets: how much, and which a market does not take."""
