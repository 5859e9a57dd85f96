"""The recorded day as history tells it at some moment: prints, quotes, bars."""
