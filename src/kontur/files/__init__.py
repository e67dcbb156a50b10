"""Files, whatever is in them: written whole or not at all, stamped, and read as JSON or CSV."""
