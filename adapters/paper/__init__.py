"""A market of our own: orders filled by nautilus's simulated execution over a real tape."""
