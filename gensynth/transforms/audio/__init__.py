"""Transforms of recordings, on torch, rows of one length together."""
