"""Users of the gateway: their journal, invitations, keys and time."""
