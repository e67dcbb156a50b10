"""Label volumes of NIfTI, beside the images that they lie on."""
