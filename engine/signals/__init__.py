"""Prints in, candidates out."""

from engine.signals.result import ScanResult
from engine.signals.scan import scan
from engine.signals.scanner import Scanner

__all__ = ["ScanResult", "Scanner", "scan"]
