"""YOLO segmentation, and the names of its classes."""
