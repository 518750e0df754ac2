"""The remote side, in our words."""
