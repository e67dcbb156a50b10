"""The planes of stacks and films: which page of a file each is, and the objects on it."""
