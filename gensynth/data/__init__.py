"""What data is: its kind, its columns, its labels, and the way into numbers and back."""
