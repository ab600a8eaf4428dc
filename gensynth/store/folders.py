"""Folders of images or recordings, one folder a class: what is in them, and names for what is added.

    signs/stop/00001.png          class "stop"
    signs/stop/dusk/7.jpg         class "stop" too
    signs/yield/00001.png         class "yield"

A folder that holds files and no class folders with any is flat: its files have no class.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from ..errors import ConfigError, DataError, nearest
from .atomic import check_output

Sort = Literal["image", "audio"]
SUFFIXES: dict[Sort, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"),
    "audio": (".wav", ".wave"),
}
_NAMES = {"image": "images", "audio": "recordings"}
_SHOWN = 3


@dataclass(frozen=True)
class Listing:
    """The files of a folder.

    `files` (n,) paths from `root`, sorted; `labels` (n,) the class folder of each, None where the folder is flat;
    `notes` say what was left out.
    """

    root: Path
    kind: Sort
    files: tuple[PurePath, ...]
    labels: tuple[str, ...] | None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.files)

    @property
    def paths(self) -> list[Path]:
        """The files, to be opened."""
        return [self.root / file for file in self.files]


def list_folder(path: str | Path, kind: Sort | None = None) -> Listing:
    """Return what is in a folder of images or recordings.

    Hidden files, files of other sorts, class folders without any, and files beside class folders are left out.

    Arguments:
        path: the folder.
        kind: "image" or "audio"; None where the files are to say.

    Raises: ConfigError where there is no such folder, it is a file, or both sorts are in it; DataError where it holds
    none.
    """
    root = Path(path)
    _check_folder(root)
    found = {each: _of_kind(root, each) for each in SUFFIXES if kind in (None, each)}
    filled = [listing for listing in found.values() if len(listing)]
    if not filled:
        names = " or ".join(_NAMES[each] for each in found)
        suffixes = ", ".join(suffix for each in found for suffix in SUFFIXES[each])
        raise DataError(f"{path} holds no {names} ({suffixes}), in it or in folders of it")
    if len(filled) > 1:
        raise ConfigError(f"{path} holds images and recordings: say which with --kind image or --kind audio")
    return filled[0]


def masks_of(listing: Listing, folder: str | Path) -> list[Path]:
    """Return the mask of each image: the file of the same place and name, whatever its suffix.

    Raises: ConfigError where there is no such folder; DataError where an image has none, or several.
    """
    _check_folder(Path(folder), "--masks ")
    held: dict[PurePath, list[Path]] = {}
    for file in _walk(Path(folder)):
        if file.suffix.lower() in SUFFIXES["image"]:
            held.setdefault(file.with_suffix(""), []).append(Path(folder, file))
    made = []
    for file in listing.files:
        masks = held.get(file.with_suffix(""), [])
        if not masks:
            raise DataError(f"{listing.root / file} has no mask: there is no {Path(folder, file.with_suffix('.*'))}")
        if len(masks) > 1:
            raise DataError(f"{listing.root / file} has several masks: {', '.join(map(str, masks))}; keep one")
        made += masks
    return made


def fingerprint(paths: Sequence[Path], names: Sequence[PurePath]) -> str:
    """Return a hash of the names and bytes of files."""
    digest = hashlib.sha256()
    for path, name in zip(paths, names, strict=True):
        with open(path, "rb") as handle:
            inner = hashlib.file_digest(handle, "sha256").hexdigest()
        digest.update(os.fsencode(f"{name.as_posix()}\0{inner}\n"))
    return digest.hexdigest()


def check_folder_output(out: str | Path, inputs: Iterable[str | Path], overwrite: bool, own: bool) -> None:
    """Refuse a folder that cannot be written, before any work.

    Arguments:
        out: the folder.
        inputs: folders that are read, which it must neither be, nor hold, nor lie in.
        overwrite: replace a folder that is there.
        own: whether what is there is known to be an earlier output; else only an empty folder is replaced.

    Raises: ConfigError.
    """
    target = Path(os.path.realpath(out))
    for each in inputs:
        source = Path(os.path.realpath(each))
        if target == source:
            raise ConfigError(f"{out} is the input, which is never replaced: name another output with -o")
        if target.is_relative_to(source):
            raise ConfigError(f"{out} lies inside the input {each}: name a folder outside it with -o")
        if source.is_relative_to(target):
            raise ConfigError(f"{out} holds the input {each}: name another output with -o")
    if target.is_file():
        raise ConfigError(f"{out} is a file, and a folder is to be written: name another with -o")
    if target.is_dir() and not any(target.iterdir()):
        return
    check_output(out, overwrite)
    if target.is_dir() and not own:
        raise ConfigError(f"{out} holds files and no recipe beside it says that gensynth made it: name another with -o")


class Names:
    """Names of what is made, beside the files that it was made from: `stop/0001_synthetic_0001`, without a suffix."""

    def __init__(self, taken: Iterable[PurePath]) -> None:
        self._taken = {_key(file.with_suffix("")) for file in taken}
        self._used: Counter[str] = Counter()

    def fresh(self, parent: PurePath) -> PurePath:
        """Return a name that nothing has, after a file (of which there need not be one)."""
        stem = parent.with_suffix("") if parent.suffix else parent
        while True:
            self._used[_key(stem)] += 1
            made = stem.with_name(f"{stem.name}_synthetic_{self._used[_key(stem)]:04d}")
            if _key(made) not in self._taken:
                self._taken.add(_key(made))
                return made


def copy_files(listing: Listing, rows: Iterable[int], into: Path, paths: Sequence[Path] | None = None) -> None:
    """Copy files byte for byte to the same places in another folder; `paths` are others than the listed ones' own."""
    for row in rows:
        source = listing.root / listing.files[row] if paths is None else paths[row]
        target = (into / listing.files[row]).with_suffix(source.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _key(path: PurePath) -> str:
    """Return a name as file systems compare it that ignore case."""
    return path.as_posix().casefold()


def _check_folder(root: Path, option: str = "") -> None:
    if root.is_dir():
        return
    if root.exists():
        raise ConfigError(f"{option}{root} is a file, and a folder is expected")
    parent = root.parent
    names = sorted(other.name for other in parent.iterdir() if other.is_dir()) if parent.is_dir() else []
    raise ConfigError(f"{option}{str(root)!r}: there is no such folder{nearest(root.name, names)}")


def _of_kind(root: Path, kind: Sort) -> Listing:
    every = _walk(root)
    mine = [file for file in every if file.suffix.lower() in SUFFIXES[kind]]
    deep = [file for file in mine if len(file.parts) > 1]
    kept = tuple(deep or mine)
    notes = []
    if len(kept) < len(mine):
        flat = [file for file in mine if len(file.parts) == 1]
        notes.append(_note(flat, "beside the class folders, without a class"))
    others = [file for file in every if file.suffix.lower() not in SUFFIXES[kind]]
    if others:
        notes.append(_note(others, f"no {_NAMES[kind]}"))
    if deep:
        classes = {file.parts[0] for file in deep}
        empty = sorted(each.name for each in root.iterdir() if each.is_dir() and not each.name.startswith("."))
        empty = [name for name in empty if name not in classes]
        if empty:
            notes.append(f"class folders without {_NAMES[kind]} are left out: {_some(empty)}")
    labels = tuple(file.parts[0] for file in kept) if deep else None
    return Listing(root, kind, kept, labels, tuple(notes))


def _walk(root: Path) -> list[PurePath]:
    """Return the files below a folder, hidden ones left out, in one order on every machine."""
    found = []
    for folder, inner, names in os.walk(root, followlinks=True):
        inner[:] = [name for name in inner if not name.startswith(".")]
        if len(Path(folder).parts) - len(root.parts) > 32:  # a link that leads to a folder above it
            raise DataError(f"{folder} is 32 folders deep: a link in it may lead back; take it out")
        found += [PurePath(folder, name).relative_to(root) for name in names if not name.startswith(".")]
    hidden = {"thumbs.db", "desktop.ini"}
    return sorted((file for file in found if file.name.lower() not in hidden), key=lambda file: file.parts)


def _note(files: Sequence[PurePath], why: str) -> str:
    one = len(files) == 1
    return f"{len(files):,} {'file is' if one else 'files are'} left out, {why}: {_some([str(file) for file in files])}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
