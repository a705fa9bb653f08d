"""Automatic differentiation at kinks: what it returns there, and whether that is a legitimate derivative of the program."""
