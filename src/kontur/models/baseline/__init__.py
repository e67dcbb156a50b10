"""What is reached without learning: a threshold and a watershed, the floor of every comparison."""
