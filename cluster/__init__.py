"""Where code runs: the processes of a live system that is more than one."""
