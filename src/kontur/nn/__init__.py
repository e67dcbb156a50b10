"""Building blocks of the networks (torch); each is the subject of one file."""
