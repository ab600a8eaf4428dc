"""Images of a folder as rows, decoded when they are looked at."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, DataError, GensynthWarning
from .folders import Listing, list_folder
from .images import GREYS, Fit, Mode, read_sized, size_of

Head = tuple[int, int, str]  # height, width, Pillow's mode
Size = int | Sequence[int]
OnBad = Literal["skip", "error"]
Bytes = npt.NDArray[np.uint8]
CHANNELS: dict[Mode, int] = {"L": 1, "RGB": 3, "RGBA": 4}
_SHOWN = 3


class ImageFolder:
    """The images of a folder, one folder a class, as rows: uint8 (n, height, width, channels), all of one size.

    Only what is looked at is decoded: `np.asarray(folder[rows])`, iteration, and generators when they learn. Of each
    file its name is held, so that 100,000 take some tens of megabytes. Rows are cut as those of `Images` are: by a
    position, a slice, positions or a mask, so that scikit-learn's splitters work. Where rows from elsewhere are joined
    to them, as a `Balancer` does, these are held as they are.

    Colour, 16 bits and transparency become what `mode` says: 16 bits become 8, transparent parts lie on white unless
    the mode is RGBA. Images are turned as the camera noted (EXIF). They are resized by a bicubic filter that averages
    where it makes smaller.

    Left out, and named in `notes`: files that are no images, images beside the class folders, class folders without
    images, links to folders and links to files outside. In a folder without class folders images have no class.

    Arguments:
        path: the folder.
        size: height and width, or one number for both, in pixels. None for the median height and the median width of
            the images, which is their own size where they have one.
        mode: "L" (grey), "RGB" or "RGBA". None for grey where all images are grey, else RGB.
        fit: how an image of another shape comes to the size. "crop" fills it and cuts off what juts out, alike on both
            sides; "pad" keeps all of the image, on black; "stretch" gives up its proportions.
        on_bad: what is done about files that are broken, cut short, of more pixels than Pillow reads safely, or of
            floats. "skip" decodes every file once, here, JPEG at an eighth, leaves bad ones out and warns, once;
            "error" looks at the head of each alone, raises for the first bad one, and for one whose pixels are broken
            when these are looked at.

    Attributes: `files` (n,) names from `path`, None for rows from elsewhere; `labels` (n,) the class folder of each, or
    None where there are none; `size`, `mode` and `fit` as they are used; `notes`.

    Raises: ConfigError where there is no such folder, or an argument is none of these; DataError where it holds no
    images, and with "error" for a bad file.

    Example:
        >>> from gensynth import Augment, Balancer
        >>> folder = ImageFolder("photos", size=64)  # doctest: +SKIP
        >>> X_new, y_new = Balancer(Augment(random_state=0)).fit_resample(folder, folder.labels)  # doctest: +SKIP
    """

    kind: ClassVar[Literal["image"]] = "image"
    fields: ClassVar[tuple[str, ...]] = ("x",)
    masks: None = None
    boxes: None = None

    def __init__(
        self, path: str | Path, size: Size | None = None, mode: Mode | None = None, fit: Fit = "crop",
        on_bad: OnBad = "skip",
    ) -> None:  # fmt: skip
        if not isinstance(path, str | PathLike):
            raise ConfigError(f"path must name a folder, got {type(path).__name__}")
        _check(size, mode, fit)
        if on_bad not in ("skip", "error"):
            raise ConfigError(f"on_bad must be 'skip' or 'error', got {on_bad!r}")
        listing = list_folder(path, "image")
        self._of(*readable(listing, on_bad, whole=on_bad == "skip"), size=size, mode=mode, fit=fit)

    @classmethod
    def of(
        cls, listing: Listing, heads: Sequence[Head], size: Size | None = None, mode: Mode | None = None,
        fit: Fit = "crop",
    ) -> Self:  # fmt: skip
        """Return the images of a listing as rows; `heads` (n,) as `readable` returns them. Raises: ConfigError."""
        _check(size, mode, fit)
        new = object.__new__(cls)
        new._of(listing, heads, size=size, mode=mode, fit=fit)
        return new

    def _of(self, listing: Listing, heads: Sequence[Head], *, size: Size | None, mode: Mode | None, fit: Fit) -> None:
        sides = [(height, width) for height, width, _ in heads]
        middle = np.maximum(np.rint(np.median(sides, axis=0)), 1) if size is None else np.broadcast_to(size, 2)
        self.root, self.notes, self.fit = listing.root, listing.notes, fit
        self.size: tuple[int, int] = (int(middle[0]), int(middle[1]))
        self.mode: Mode = mode or ("L" if all(each in GREYS for _, _, each in heads) else "RGB")
        self.labels: npt.NDArray[Any] | None = None
        if listing.labels is not None:
            self.labels = np.array(listing.labels, dtype=object)
        self._items: list[str | Bytes] = [file.as_posix() for file in listing.files]

    @property
    def files(self) -> tuple[str | None, ...]:
        """The names of the files."""
        return tuple(item if isinstance(item, str) else None for item in self._items)

    @property
    def x(self) -> Decoded:
        """The images as an array that is decoded when it is looked at. Shape: (n, height, width, channels)."""
        return Decoded(self)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(n, height, width, channels)."""
        return (len(self), *self.size, CHANNELS[self.mode])

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return 4

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """The type of the values."""
        return np.dtype(np.uint8)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Bytes]:
        """Yield the images, each (height, width, channels)."""
        return (self.decoded(row) for row in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Return the images, decoded. Shape: (n, height, width, channels)."""
        made = np.empty(self.shape, dtype=np.uint8)
        for row, image in enumerate(self):
            made[row] = image
        return made if dtype is None else made.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Self:
        """Rows at a position (kept as one row), a slice, positions or a mask; nothing is decoded."""
        if isinstance(key, tuple):  # scikit-learn asks X[rows, ...]
            if len(key) != 2 or key[1] is not Ellipsis:
                raise IndexError(f"an ImageFolder is cut by its rows alone, got {len(key)} indices: cut its x instead")
            key = key[0]
        if isinstance(key, int | np.integer):
            if not -len(self) <= key < len(self):
                raise IndexError(f"there are {len(self)} images, and no row {key}")
            rows = np.asarray([range(len(self))[int(key)]])
        else:
            rows = np.arange(len(self))[key if isinstance(key, slice) else np.asarray(key)]
        return self._with([self._items[row] for row in rows], None if self.labels is None else self.labels[rows])

    def decoded(self, row: int) -> Bytes:
        """Return one image. Shape: (height, width, channels). Raises: DataError where its file is broken."""
        item = self._items[row]
        return read_sized(self.root / item, self.size, self.mode, self.fit) if isinstance(item, str) else item

    def joined(self, other: Any) -> Self:
        """Return these rows followed by others: those of such a folder, or images (m, height, width, channels).

        Raises: DataError where these are not of the same size and channels.
        """
        if isinstance(other, ImageFolder) and (other.root, other.shape[1:]) == (self.root, self.shape[1:]):
            labels = None
            if self.labels is not None and other.labels is not None:
                labels = np.concatenate([self.labels, other.labels])
            return self._with([*self._items, *other._items], labels)
        more = [np.asarray(image) for image in other.x]
        for image in more:
            if image.shape != self.shape[1:] or image.dtype != np.uint8:
                raise DataError(
                    f"images of {self.root} are uint8 of shape {self.shape[1:]}, and those that are to be joined to "
                    f"them {image.dtype} of {image.shape}: make them alike, as with size and mode"
                )
        return self._with([*self._items, *more], None)

    def _with(self, items: list[Any], labels: npt.NDArray[Any] | None) -> Self:
        new = object.__new__(type(self))
        new.__dict__ |= self.__dict__ | {"_items": items, "labels": labels}
        return new

    def __repr__(self) -> str:
        return f"ImageFolder({str(self.root)!r}, shape={self.shape})"


class Decoded:
    """The images of a folder as an array that is decoded when it is looked at. Shape: (n, height, width, channels)."""

    ndim = 4

    def __init__(self, folder: ImageFolder) -> None:
        self.folder, self.shape, self.dtype = folder, folder.shape, folder.dtype

    def __len__(self) -> int:
        return len(self.folder)

    def __iter__(self) -> Iterator[Bytes]:
        return iter(self.folder)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Return all of them."""
        return self.folder.__array__(dtype)

    def __getitem__(self, key: Any) -> Bytes:
        """Return what an array would; only the rows that are asked for are decoded."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if first is Ellipsis or first is None:
            return np.asarray(np.asarray(self.folder)[key])
        made = np.asarray(self.folder[first])
        if isinstance(first, int | np.integer):
            return np.asarray(made[(0, *rest)])
        return np.asarray(made[(slice(None), *rest)])


def readable(listing: Listing, on_bad: OnBad, *, whole: bool) -> tuple[Listing, list[Head]]:
    """Return the images of a listing that can be read, and the head of each.

    Arguments:
        listing: images.
        on_bad: "skip" leaves bad files out and warns, "error" raises for the first.
        whole: decode them, which finds those whose pixels are broken.

    Raises: DataError where none can be read, and with "error" for a bad file.
    """
    heads: list[Head] = []
    good, bad = [], []
    for row, path in enumerate(listing.paths):
        try:
            heads.append(size_of(path, whole))
        except DataError:
            if on_bad == "error":
                raise
            bad.append(listing.files[row].as_posix())
        else:
            good.append(row)
    if not bad:
        return listing, heads
    names = ", ".join(bad[:_SHOWN]) + (", ..." if len(bad) > _SHOWN else "")
    what = f"{len(bad):,} of {len(listing):,} images cannot be read: {names}"
    if not good:
        raise DataError(f"{listing.root}: {what}")
    text = f"{listing.root}: {what}; {'it is' if len(bad) == 1 else 'they are'} left out"
    warnings.warn(text, GensynthWarning, stacklevel=3)
    return listing.only(good), heads


def _check(size: Any, mode: Any, fit: Any) -> None:
    """Raise ConfigError where an argument is none of those that there are."""
    sides = [size] if isinstance(size, int | np.integer) else size
    if size is not None:
        listed = isinstance(sides, list | tuple | np.ndarray) and 1 <= len(sides) <= 2
        if not listed or not all(isinstance(n, int | np.integer) and n >= 1 and n is not True for n in sides):
            raise ConfigError(f"size must be a number of pixels, or height and width, each at least 1, got {size!r}")
    if mode not in (None, *CHANNELS):
        raise ConfigError(f"mode must be 'L' (grey), 'RGB' or 'RGBA', or None, got {mode!r}")
    if fit not in ("crop", "pad", "stretch"):
        raise ConfigError(f"fit must be 'crop', 'pad' or 'stretch', got {fit!r}")
