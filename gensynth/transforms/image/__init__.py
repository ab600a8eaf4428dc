"""Transforms of images, and of the masks, boxes and points that belong to them."""
