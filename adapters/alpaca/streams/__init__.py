"""Alpaca's websocket sessions."""
