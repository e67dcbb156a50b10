"""Tasks of images: what is done, by whom, in which order, and what follows from it."""
