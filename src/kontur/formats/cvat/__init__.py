"""CVAT for images, with masks as runs."""
