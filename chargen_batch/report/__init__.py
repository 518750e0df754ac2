"""What a run came to: the summary and its page."""
