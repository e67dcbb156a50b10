"""What is measured: the images of a folder with their outlines, and the planes of stacks."""
