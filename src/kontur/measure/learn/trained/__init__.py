"""Trained models of tables: their file, their use without torch, and what they say of a table."""
