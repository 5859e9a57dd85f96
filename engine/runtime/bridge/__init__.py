"""The hub and the scanner as components of nautilus."""
