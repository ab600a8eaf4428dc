"""The bench of compare: its time, and whether it can be believed."""
