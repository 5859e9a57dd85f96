"""What of a run's trades each of its strategies earned."""
