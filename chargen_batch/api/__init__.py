"""The phases as a program calls them; the command line is its first user."""
