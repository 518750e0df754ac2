"""Measurements side by side: ``python -m benchmarks``, or ``make bench`` (see README.md)."""
