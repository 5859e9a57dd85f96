"""Use cases of markets that take tickets."""
