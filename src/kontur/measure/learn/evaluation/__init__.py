"""Evaluation of fitted models: scores, how sure they are, and what the predictions depend on."""
