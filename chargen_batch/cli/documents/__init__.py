"""The documents that --json prints, each with its type: docs/json.md is checked against these."""
