"""Changing outlines: moves by hand, and an agent that corrects contours.

Nothing here is imported before it is used: `env` needs gymnasium, `agent` and what trains need
torch. Prediction needs neither (`kontur.models.snake.polish`).
"""
