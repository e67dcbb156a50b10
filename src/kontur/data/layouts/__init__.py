"""Layouts of folders: which images there are, and where the objects of each are written."""
