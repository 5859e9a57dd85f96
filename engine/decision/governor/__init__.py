"""The day's governor: state, phase, commands, and how a day ends flat."""
