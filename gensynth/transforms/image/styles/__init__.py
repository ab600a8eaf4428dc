"""Styles of images, a file a method: what is known of a bank of them, and how an image is given one."""
