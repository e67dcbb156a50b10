"""Changing outlines: moves by hand, and an agent that corrects contours."""
