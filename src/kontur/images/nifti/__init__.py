"""NIfTI: volumes, their headers, and cases of several files."""
