"""Definitions: named functions and layers, expanded into primitives."""
