"""The relay of a live system: one connection at the venue for many receivers."""
