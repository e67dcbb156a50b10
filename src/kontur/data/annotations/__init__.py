"""Annotations of images, read from files: the objects, their classes, and tables beside them."""
