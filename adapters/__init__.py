"""One folder a venue; pure protocol and parsing below, nautilus clients above."""
