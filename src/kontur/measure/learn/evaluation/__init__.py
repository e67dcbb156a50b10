"""Evaluation of fitted models: how sure their scores are, and what predictions depend on."""
