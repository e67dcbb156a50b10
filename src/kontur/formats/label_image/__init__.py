"""Label images as PNG and TIFF."""
