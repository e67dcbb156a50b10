"""Mask R-CNN: proposals from anchors, a class and a box for each, and a mask inside the box."""
