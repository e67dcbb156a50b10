"""Contours corrected step by step: an environment, an agent, and what it learns from.

Nothing here is imported before it is used: `env` needs gymnasium, `agent` and what trains need
torch. Prediction needs neither (`kontur.models.snake.polish`).
"""
