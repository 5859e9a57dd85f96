"""What every command shares: options, progress, figures, and how results are printed."""
