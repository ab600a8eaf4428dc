"""Folders of images or recordings, one folder a class: what is in them, and names for what is added.

    signs/stop/00001.png          class "stop"
    signs/stop/dusk/7.jpg         class "stop" too
    signs/yield/00001.png         class "yield"

A folder that holds files and no class folders with any is flat: its files have no class. Links to folders are not
followed, nor links to files outside the folder, whose owner may not mean to give them; `manifest.csv` at the top is
gensynth's own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, Literal

from ..errors import ConfigError, DataError, nearest
from .atomic import check_output

Sort = Literal["image", "audio"]
SUFFIXES: dict[Sort, tuple[str, ...]] = {
    "image": (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"),
    "audio": (".wav", ".wave"),
}
_NAMES = {"image": "images", "audio": "recordings"}
MANIFEST = "manifest.csv"
_SHOWN = 3
_OWN = ("thumbs.db", "desktop.ini")  # files that systems put there


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

    def only(self, rows: Iterable[int]) -> Listing:
        """Return some of the files."""
        places = [*rows]
        labels = None if self.labels is None else tuple(self.labels[row] for row in places)
        return replace(self, files=tuple(self.files[row] for row in places), labels=labels)


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
    for file in _walk(Path(folder))[0]:
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
    """Names of what is made, which nothing has yet, without a suffix."""

    def __init__(self, taken: Iterable[PurePath]) -> None:
        self._taken = {_key(file.with_suffix("")) for file in taken}
        self._used: Counter[str] = Counter()

    def fresh(self, parent: PurePath) -> PurePath:
        """Return a name beside a file: `stop/0001_synthetic_0001`."""
        stem = parent.with_suffix("")
        return self._next(stem, lambda number: stem.with_name(f"{stem.name}_synthetic_{number:04d}"))

    def numbered(self, label: str | None) -> PurePath:
        """Return the next name in the folder of a class: `stop/synthetic-000001`."""
        folder = PurePath(label or "")
        return self._next(folder, lambda number: folder / f"synthetic-{number:06d}")

    def _next(self, stem: PurePath, name: Callable[[int], PurePath]) -> PurePath:
        while True:
            self._used[_key(stem)] += 1
            made = name(self._used[_key(stem)])
            if _key(made) not in self._taken:
                self._taken.add(_key(made))
                return made


def copy_files(
    listing: Listing, rows: Iterable[int], into: Path, paths: Sequence[Path] | None = None, link: bool = False
) -> None:
    """Copy files byte for byte to the same places in another folder.

    Arguments:
        listing: the files.
        rows: which of them.
        into: the folder.
        paths: others than the listed ones' own, such as masks.
        link: make hard links, which take no space, where the file system can; what changes one file changes both.
    """
    for row in rows:
        source = listing.root / listing.files[row] if paths is None else paths[row]
        target = (into / listing.files[row]).with_suffix(source.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        if link:
            try:
                os.link(os.path.realpath(source), target)
                continue
            except OSError:  # on another disk, or no links there
                pass
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
    every, links = _walk(root)
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
    if links:
        one = len(links) == 1
        notes.append(f"{len(links):,} {'link is' if one else 'links are'} not followed: {_some([*map(str, links)])}")
    if deep:
        classes = {file.parts[0] for file in deep}
        inner = (each for each in root.iterdir() if each.is_dir() and not each.is_symlink())
        empty = sorted(each.name for each in inner if not each.name.startswith("."))
        empty = [name for name in empty if name not in classes]
        if empty:
            notes.append(f"class folders without {_NAMES[kind]} are left out: {_some(empty)}")
    labels = tuple(file.parts[0] for file in kept) if deep else None
    return Listing(root, kind, kept, labels, tuple(notes))


def _walk(root: Path) -> tuple[list[PurePath], list[PurePath]]:
    """Return the files below a folder, in one order on every machine, and the links that are not followed.

    Hidden ones are left out, and what is no file, as pipes are.
    """
    real, found, links = Path(os.path.realpath(root)), [], []
    waiting = [PurePath()]
    while waiting:
        folder = waiting.pop()
        with _scanned(root / folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower() in _OWN:
                    continue
                file = folder / entry.name
                if entry.is_symlink() and not (entry.is_file() and _lies_in(entry.path, real)):
                    links.append(file)
                elif entry.is_dir():
                    waiting.append(file)
                elif entry.is_file() and file != PurePath(MANIFEST):
                    found.append(file)
    return sorted(found, key=lambda file: file.parts), sorted(links)


def _scanned(folder: Path) -> Any:
    try:
        return os.scandir(folder)
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}") from None


def _lies_in(path: str, real: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(real)


def _note(files: Sequence[PurePath], why: str) -> str:
    one = len(files) == 1
    return f"{len(files):,} {'file is' if one else 'files are'} left out, {why}: {_some([str(file) for file in files])}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
