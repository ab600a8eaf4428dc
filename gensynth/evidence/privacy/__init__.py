"""What synthetic rows give away of real ones: copies, distances, an attack, rare combinations."""
