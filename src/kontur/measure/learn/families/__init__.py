"""Families of models that are compared on a table, their baselines, and how they are fitted."""
