"""Records: which outlines are of which model and which content of a file, whatever was killed."""
