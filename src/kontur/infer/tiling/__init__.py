"""Images of any size: tiles, which of them gives an object, and what they gave, kept."""
