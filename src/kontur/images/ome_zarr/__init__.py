"""OME-Zarr: images with axes, levels and the size of a pixel, and windows of them."""
