"""What a table holds, column by column: as text, as a table, and as a page."""
