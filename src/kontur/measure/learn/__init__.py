"""Learning from tables: families of models, their choice, and the file in which one is kept."""
