"""The API: what can be read of runs and of this machine, and what can be done."""
