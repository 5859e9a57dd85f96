"""``tradectl doctor``: is this machine fit to run, and what to do where it is not."""

from cli.doctor.command import doctor

__all__ = ["doctor"]
