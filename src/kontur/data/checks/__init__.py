"""Checks and statistics: of a mask, of an image with its objects, and of a whole data set."""
