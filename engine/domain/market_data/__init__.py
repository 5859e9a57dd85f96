"""What a market printed, quoted and announced, as columns."""
