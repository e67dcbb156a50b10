"""What is measured on the outlines of objects: size and shape, curve, midline, neighbours."""
