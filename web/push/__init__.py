"""Live push: what runs show of themselves, to any number of browsers, at no cost to a run."""
