"""Run directories and their manifests."""
