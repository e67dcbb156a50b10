"""Using a model: engines run its graphs, the predictor does everything around them."""
