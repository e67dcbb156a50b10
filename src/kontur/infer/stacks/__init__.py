"""Stacks and films: every plane, its objects and their tracks."""
