"""Which keys lie side by side, and which letters look alike."""

from __future__ import annotations

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SHIFT = (0.0, 0.25, 0.75)  # how far a row begins to the right of the first, in keys


def _beside() -> dict[str, str]:
    """Return for each letter the letters whose keys touch its own on a QWERTY keyboard."""
    spots = {key: (at + _SHIFT[row], row) for row, keys in enumerate(_ROWS) for at, key in enumerate(keys)}
    return {
        key: "".join(
            other for other, (x, y) in spots.items() if other != key and abs(y - spots[key][1]) <= 1
            and abs(x - spots[key][0]) <= (1 if y == spots[key][1] else 0.75)
        )
        for key in spots
    }  # fmt: skip


BESIDE = _beside()

_ALIKE = (  # read as each other
    ("o", "0"), ("O", "0"), ("l", "1"), ("I", "l"), ("i", "1"), ("i", "l"), ("S", "5"), ("s", "5"), ("B", "8"),
    ("Z", "2"), ("z", "2"), ("g", "9"), ("G", "6"), ("b", "6"), ("c", "e"), ("h", "b"), ("u", "v"), ("n", "h"),
    ("f", "t"), ("m", "rn"), ("d", "cl"), ("w", "vv"), ("O", "Q"), ("C", "G"), ("E", "F"), ("y", "v"), ("q", "g"),
)  # fmt: skip


def _misread() -> dict[str, tuple[str, ...]]:
    """Return for letters, and pairs of letters, what they are read as."""
    made: dict[str, list[str]] = {}
    for one, other in _ALIKE:
        made.setdefault(one, []).append(other)
        if other.isalpha():
            made.setdefault(other, []).append(one)
    return {seen: tuple(read) for seen, read in made.items()}


MISREAD = _misread()
