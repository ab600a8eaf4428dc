"""Transforms of series."""
