"""ROIs of ImageJ and Fiji."""
