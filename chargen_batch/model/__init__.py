"""Data without I/O: the documents of a run and the words the rooms share."""
