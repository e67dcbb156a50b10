"""The report of a study: sections of sentences and tables, figures, and the HTML page."""
