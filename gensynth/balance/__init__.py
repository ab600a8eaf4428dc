"""Balancing: what the rare classes lack, asked of a generator and merged with the real data."""

from .balancer import Balancer

__all__ = ["Balancer"]
