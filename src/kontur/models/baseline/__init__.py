"""The baseline without learning: a threshold and a watershed, a reference for comparisons."""
