"""Trade a day at a venue, in one process."""
