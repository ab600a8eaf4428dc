"""Networks and losses in pure torch: tensors in, losses out."""
