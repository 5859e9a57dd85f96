"""Play a recorded day that obeys commands."""
