"""``tradectl doctor``: is this machine fit to run, and what to do where it is not."""
