"""`python -m gensynth` is the command `gensynth`."""

from .cli import main

if __name__ == "__main__":
    main()
