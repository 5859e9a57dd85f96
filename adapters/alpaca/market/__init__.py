"""Alpaca as a market: what the port asks, by REST and the stream of order updates."""
