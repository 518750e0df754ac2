"""The review page, served on loopback to one person's browser."""
