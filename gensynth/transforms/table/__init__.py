"""Transforms of tables."""
