"""Data: samples, training folders, transforms and synthetic scenes. Imports stay in the files."""
