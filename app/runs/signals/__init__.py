"""What strategies over the tape said in a run: kept, and asked for again."""
