"""Pairing: files of outlines or label images with the images to which they belong by name."""
