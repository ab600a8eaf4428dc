"""How like the real rows made ones are."""
