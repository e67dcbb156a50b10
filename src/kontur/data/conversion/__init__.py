"""Conversion: outlines from one format to another, of a file or of whole folders."""
