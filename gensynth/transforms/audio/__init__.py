"""Transforms of audio."""
