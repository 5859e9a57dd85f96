"""Strategies over the whole tape: what they see of each closed bucket, and what they say."""
