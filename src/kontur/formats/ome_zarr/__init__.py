"""Label images of OME-Zarr, with their levels and properties."""
