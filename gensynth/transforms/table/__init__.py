"""Transforms of table."""
