"""Slow twins of fast functions: one loop each, as their definitions say, to test against."""
