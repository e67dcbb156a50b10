"""Images in files as arrays: what is stored, whole or window by window ([images] of the docs)."""
