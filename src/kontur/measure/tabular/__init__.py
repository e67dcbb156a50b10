"""Small neural networks on tables, as estimators of scikit-learn."""
