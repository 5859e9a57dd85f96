"""Room of reports: what a reader sees of a scan or a run."""

from reports.candidates import candidates_table
from reports.page import write_html
from reports.sparkline import sparkline
from reports.terminal import render_terminal, trades_table
from reports.view import RunView

__all__ = [
    "RunView",
    "candidates_table",
    "render_terminal",
    "sparkline",
    "trades_table",
    "write_html",
]
