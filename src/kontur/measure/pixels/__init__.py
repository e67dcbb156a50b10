"""What is measured on the pixels of objects, intensity and texture, block by block."""
