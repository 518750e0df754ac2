"""Draw a whole story through Gemini's Batch API."""

__version__ = "0.1.0"
