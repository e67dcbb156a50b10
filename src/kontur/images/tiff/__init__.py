"""TIFF: which images a file holds, what their samples mean, and windows of them."""
