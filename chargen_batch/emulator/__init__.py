"""A local stand-in for Google's Files and Batch APIs, over real HTTP on loopback."""
