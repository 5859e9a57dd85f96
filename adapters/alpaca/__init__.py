"""Alpaca: the wire, the sessions over it, and nautilus clients for US stocks."""
