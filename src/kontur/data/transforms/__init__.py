"""Transforms of samples, an image and its contours together, and the augmentation of them."""
