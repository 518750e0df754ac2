"""The user's project: what is read from it, and what is written back."""
