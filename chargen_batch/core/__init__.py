"""Decisions without I/O: pure functions from old facts and an observation to new facts."""
