"""``tradectl web``: the gateway and its users."""
