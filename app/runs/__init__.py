"""Runs wherever they are kept: started, resumed, found, compared."""
