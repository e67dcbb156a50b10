"""CSV: a row an object, its outline as well-known text."""
