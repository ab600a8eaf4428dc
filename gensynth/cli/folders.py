"""Folders of images and recordings as rows: read when they are looked at, written beside the files they come from."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ..data.kinds import Audio, Images, Rows
from ..errors import ConfigError, DataError
from ..generators.pixels import LEAST
from ..generators.pixels import MOST as LARGEST
from ..recipe import Asked, Job
from ..store.atomic import atomic_folder, check_output
from ..store.audio import read_wave, write_wave
from ..store.elsewhere import is_elsewhere, is_folder_at
from ..store.folders import Listing, Sort, check_folder_output, copy_files, list_folder, masks_of
from ..store.image_folder import Head, ImageFolder, readable
from ..store.images import size_of, write_image, write_mask
from .compare_job import Compare
from .pictures import Pictures, Ready
from .safe import refuse_safe

MOST = 64  # pixels of the longer side, where no size is named
CLEAR = ("RGBA", "LA", "PA", "La", "RGBa")  # Pillow's modes of what may be transparent
SUFFIXES = {"image": ".png", "audio": ".wav"}
_SORTS = {"1": "of 1 bit", "L": "of 8 bits", "P": "of 8 bits"}  # of masks, by Pillow's mode


@dataclass
class Folder:
    """A folder that was listed, with the masks of its images; `rate` of its recordings in Hz, once some were read.

    `heads` of images say their sizes, where it was looked at whether they are broken.
    """

    listing: Listing
    heads: list[Head] = field(default_factory=list)
    masks: list[Path] | None = None
    rate: int | None = None
    mixed: int = field(default=0, init=False)  # recordings of several channels

    @classmethod
    def open(cls, job: Asked) -> Folder:
        """Return the folder of a job, and say what is left out of it. Raises: ConfigError, DataError."""
        if job.kind in ("table", "text", "series") or job.text is not None:
            what = "text" if job.text is not None else job.kind
            raise ConfigError(f"{job.data} is a folder, and data of kind {what} is a file: name the table")
        listing = list_folder(job.data, "image" if job.masks else job.kind)  # type: ignore[arg-type]
        for note in listing.notes:
            print(f"gensynth: note: {job.data}: {note}", file=sys.stderr)
        heads: list[Head] = []
        if listing.kind == "image" and isinstance(job, Job | Compare):
            listing, heads = readable(listing, job.on_bad, whole=True)
        if job.masks is None:
            return cls(listing, heads)
        masks = masks_of(listing, job.masks)
        _check_masks(listing.paths, masks)
        return cls(listing, heads, masks)

    @property
    def kind(self) -> Sort:
        """The kind of the rows."""
        return self.listing.kind

    def rows(self, places: npt.NDArray[np.intp]) -> Rows:
        """Return rows: images by their names, recordings read. Raises: DataError where a recording cannot be."""
        files = self.listing.files
        paths = [self.listing.root / files[place] for place in places]
        if self.kind == "image":
            return Pictures(paths, None if self.masks is None else [self.masks[place] for place in places])
        waves = []
        for path in paths:
            made = read_wave(path)
            if self.rate not in (None, made.rate):
                raise DataError(f"{path} has {made.rate} Hz and others {self.rate} Hz: convert them to one rate")
            self.rate, self.mixed = made.rate, self.mixed + (made.channels > 1)
            waves.append(made.samples)
        return Audio(waves, float(self.rate or 1))

    def sized(self, job: Job | Compare, small: bool = True) -> ImageFolder:
        """Return the images in one size, and say so: that of the job, else the median one, `small` for networks."""
        size = job.size
        if size is None:
            middle = np.median([head[:2] for head in self.heads], axis=0)
            by = min(1.0, MOST / middle.max()) if small else 1.0
            size = [max(LEAST if small else 1, round(side)) for side in middle * by]
        elif small and not all(LEAST <= side <= LARGEST for side in np.atleast_1d(size)):
            raise ConfigError(f"--size {size}: networks learn images of {LEAST} to {LARGEST} pixels a side")
        modes = {mode for _, _, mode in self.heads}
        made = ImageFolder.of(self.listing, self.heads, size, "RGBA" if modes == {"RGBA"} else None)
        lost = ["16 bits"] * any(mode.startswith("I") for mode in modes)
        lost += ["transparency"] * (made.mode != "RGBA" and not modes.isdisjoint(CLEAR))
        if lost and small:
            text = f"made images are without the {' and the '.join(lost)} of real ones: bring all to one format first"
            print(f"gensynth: note: {job.data}: {text}", file=sys.stderr)
        others = sum(head[:2] != made.size for head in self.heads)
        if others:
            text = f"{others:,} of {len(made):,} images are brought to {made.size[0]} x {made.size[1]} pixels"
            print(f"gensynth: note: {job.data}: {text} (--size names another size)", file=sys.stderr)
        return made

    def whole(self, job: Job, generator: Any) -> Rows:
        """Return all rows, for a generator that is to be saved; images in one size.

        Those that are changed stay as they are where they are alike. Raises: ConfigError where masked ones are not.
        """
        if (
            self.kind == "image"
            and self.masks is None
            and (job.size or not changes(generator) or len(set(self.heads)) > 1)
        ):
            return cast(Rows, self.sized(job, not changes(generator)))
        rows = self.rows(np.arange(len(self.listing)))
        if not isinstance(rows, Pictures):
            return rows
        images = list(rows.x)
        odd = next((place for place, image in enumerate(images) if image.shape != images[0].shape), None)
        if odd is not None:
            raise ConfigError(
                f"{rows.items[odd]} has another size or other colours than {rows.items[0]}, and a model holds images "
                "of one size: balance and transform take them as they are"
            )
        images = [image[..., None] if image.ndim == 2 else image for image in images]  # grey, and told from one image
        return Images(np.stack(images), None if rows.masks is None else np.stack(list(rows.masks)))

    def say_mixed(self) -> None:
        """Say that recordings of several channels were mixed down, once."""
        if self.mixed:
            what = "1 recording has" if self.mixed == 1 else f"{self.mixed:,} recordings have"
            text = f"{what} several channels: what is made of them has one, the mean"
            print(f"gensynth: note: {self.listing.root}: {text}", file=sys.stderr)


@dataclass(frozen=True)
class Outputs:
    """Where the results go: a folder, that of its masks, the same of what is held out, and the recipe."""

    out: str
    masks: str | None
    rest: str | None
    rest_masks: str | None
    recipe: str

    @classmethod
    def of(cls, job: Asked, *, verb: str, rest: bool = False, masks_out: str | None = None) -> Outputs:
        """Return the names for a job; without `out`, DIR.VERB beside the input."""
        if job.out == "-":
            raise ConfigError("a folder cannot be written to standard output: give -o FOLDER")
        source = Path(job.data).absolute()
        out = job.out or str(Path(job.data).parent / f"{source.name}.{verb}")
        out = out.rstrip("/") or out
        masks = (masks_out or f"{out}.masks") if job.masks else None
        return cls(out, masks, f"{out}.holdout" if rest else None, f"{out}.holdout.masks" if rest and masks else None,
                   f"{out}.recipe.json")  # fmt: skip

    @property
    def folders(self) -> list[str]:
        """The folders that are written."""
        return [each for each in (self.out, self.masks, self.rest, self.rest_masks) if each is not None]

    def check(self, job: Asked, overwrite: bool, own: bool = False) -> None:
        """Refuse outputs that exist, unless they are known to be `own`, or that cannot be written, before any work.

        Raises: ConfigError.
        """
        own = own or Path(self.recipe).is_file()
        inputs = [each for each in (job.data, job.masks, getattr(job, "style", None)) if each]
        for each in self.folders:
            check_folder_output(each, inputs, overwrite, own)
        check_output(self.recipe, overwrite)

    @contextmanager
    def opened(self, overwrite: bool) -> Iterator[dict[str, Path]]:
        """Make the folders, which appear whole at the end. Yields: where to write what goes into each."""
        with ExitStack() as stack:
            made = {}
            for each in self.folders:
                empty = Path(each).is_dir() and not any(Path(each).iterdir())
                made[each] = stack.enter_context(atomic_folder(each, overwrite=overwrite or empty))
            yield made


@dataclass
class Writer:
    """Writes real files and made rows into the folders of a job."""

    folder: Folder
    into: Path
    masks_into: Path | None
    link: bool = False

    def copy(self, places: Sequence[int] | npt.NDArray[np.intp]) -> None:
        """Copy real files, and their masks, byte for byte."""
        copy_files(self.folder.listing, places, self.into, link=self.link)
        if self.masks_into is not None:
            copy_files(self.folder.listing, places, self.masks_into, self.folder.masks, link=self.link)

    def add(self, made: Ready, mask: Ready | None, parent: int | None, name: PurePath) -> str:
        """Write one made row, and its mask; return its name with a suffix."""
        suffix = made.suffix if isinstance(made, Path) else SUFFIXES[self.folder.kind]
        target = _named(self.into / name, suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(made, Path):
            shutil.copyfile(made, target)
        elif self.folder.kind == "image":
            write_image(target, made)
        else:
            write_wave(target, made, self.folder.rate or 1)
        if mask is not None and self.masks_into is not None:
            self._mask(mask, parent, self.masks_into / name)
        return f"{name.as_posix()}{suffix}"

    def _mask(self, mask: Ready, parent: int | None, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(mask, Path):
            shutil.copyfile(mask, _named(target, mask.suffix))
        else:
            assert self.folder.masks is not None
            write_mask(_named(target, ".png"), mask, self.folder.masks[parent or 0])


def check_page(path: str, others: Sequence[str | None], overwrite: bool, folders: Sequence[str] = ()) -> None:
    """Refuse a page that is no HTML, is another file of a job or lies in its folders, or cannot be written.

    Raises: ConfigError.
    """
    if not path.lower().endswith((".html", ".htm")):
        raise ConfigError(f"--report {path}: the report is a page, so name it .html")
    target = Path(os.path.realpath(path))
    if any(other not in (None, "-") and target == Path(os.path.realpath(str(other))) for other in others):
        raise ConfigError(f"--report {path} is another file of this job: name one of its own")
    for each in folders:
        if target.is_relative_to(os.path.realpath(each)):
            raise ConfigError(f"--report {path} lies inside {each}, which holds images or recordings: name another")
    check_output(path, overwrite)


def changes(generator: Any) -> bool:
    """Whether a generator copies or changes real images, each as it is, and needs them in no one size."""
    return generator.holds_rows and getattr(generator, "generator", None) is None


def is_folder(job: Asked) -> bool:
    """Whether the data of a job is a folder of files. Raises: ConfigError where it should be one and is a file."""
    if job.kind in ("image", "audio"):
        if Path(job.data).is_file() or job.data == "-":
            raise ConfigError(f"{job.data} is a file, and data of kind {job.kind} is a folder, one folder a class")
        return True
    if is_elsewhere(job.data) and is_folder_at(job.data):
        raise ConfigError(f"{job.data} is a folder: of tables give --target; images and recordings are read on this "
                          "machine's disks, fetch them first")  # fmt: skip
    return Path(job.data).is_dir()


def refuse_files(job: Job | Compare) -> None:
    """Raise ConfigError where a job says what is for folders of files alone."""
    for option in ("link", "size"):
        if getattr(job, option, None):
            raise ConfigError(f"--{option} is for folders of files, and {job.data} is a table: leave it out")


def refuse_columns(job: Job | Compare) -> None:
    """Raise ConfigError where a job names columns, which folders have not."""
    if isinstance(job, Job):
        refuse_safe(job, f"{job.data} is a folder of files")
    for option in ("target", "groups", "split", "mark"):
        if getattr(job, option, None) is not None:
            why = {"target": "the class is the folder's name", "mark": "the names of synthetic files tell them"}
            more = f": {why[option]}" if option in why else ""
            raise ConfigError(f"--{option} names a column, and {job.data} is a folder of files{more}: leave it out")
    if job.columns:
        raise ConfigError(f"--schema names columns, and {job.data} is a folder of files: leave it out")


def _named(target: Path, suffix: str) -> Path:
    return target.with_name(target.name + suffix)


def _check_masks(images: Sequence[Path], masks: Sequence[Path]) -> None:
    """Raise DataError where a mask has another size than its image, or is of another sort than the first mask."""
    first = None
    for image, mask in zip(images, masks, strict=True):
        (height, width, _), (high, wide, mode) = size_of(image), size_of(mask)
        if (high, wide) != (height, width):
            raise DataError(f"the mask {mask} is {wide} x {high} pixels, and its image {image} {width} x {height}")
        sort = _SORTS.get(mode, "of 16 bits" if mode.startswith("I") else "coloured")
        first = sort if first is None else first
        if sort != first:
            raise DataError(f"the mask {mask} is {sort}, and {masks[0]} is {first}: make them alike")
