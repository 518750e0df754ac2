"""Five tasks through the seven commands at the real service: ``make live`` (never in CI)."""
