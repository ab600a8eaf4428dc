"""`gensynth show`: what is in a table, a model or a recipe."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..data.schema import Schema
from ..errors import ConfigError, FormatError, nearest
from ..generators import all_generators
from ..generators.files import load
from ..store.audio import read_wave
from ..store.folders import MANIFEST, list_folder
from ..store.image_folder import readable
from ..store.manifest import read_manifest
from ..store.tables import read_table
from .curves import printed

WIDE = 100  # characters of a line
_ENDS = {
    "patience": ", until no score was better",
    "time": ", when time was up",
    "interrupted": ", when Ctrl-C came",
    "spoilt": ", until a loss was not finite",
}


def run(what: str, *, target: str | None, schema: dict[str, str]) -> None:
    """Print what is in a table, a folder of files, a model or a recipe. Raises: GensynthError."""
    path = Path(what)
    if path.is_dir() and not (path / "model.json").exists() and any(path.iterdir()):
        _folder(what)
    elif path.is_dir():
        _model(what)
    elif path.suffix == ".json":
        _recipe(what)
    else:
        _table(what, target, schema)


def _folder(what: str) -> None:
    """Print the classes of a folder of images or recordings, and what is left out of it."""
    listing = list_folder(what)
    names = {"image": "images", "audio": "recordings"}[listing.kind]
    print(f"{what}: {len(listing):,} {names}{', no class folders' if listing.labels is None else ''}")
    if listing.kind == "image":
        listing, heads = readable(listing, "skip", whole=False)
        sizes = Counter("{1} x {0}, {2}".format(*head) for head in heads)
        rows = [("  width x height, colours", names), *[(f"  {size}", f"{n:,}") for size, n in sizes.most_common(5)]]
    else:
        made = [read_wave(path) for path in listing.paths]
        seconds = [len(one.samples) / one.rate for one in made]
        rates = Counter(f"{one.rate:,} Hz, {one.channels} channel{'s' * (one.channels > 1)}" for one in made)
        print(f"  {min(seconds):.2f} to {max(seconds):.2f} seconds, {sum(seconds):,.1f} in all")
        rows = [("  rate", names), *[(f"  {rate}", f"{n:,}") for rate, n in rates.most_common(5)]]
    _print_columns(rows)
    if listing.labels is not None:
        counts = Counter(listing.labels).most_common()
        print("\nClasses:")
        rows = [("  class", names), *[(f"  {label}", f"{n:,}") for label, n in counts[:30]]]
        _print_columns(rows)
        if len(counts) > 30:
            print(f"  ... and {len(counts) - 30} more")
        print(f"Imbalance ratio (largest to smallest): {counts[0][1] / counts[-1][1]:.1f}")
    said = read_manifest(listing.root)
    synthetic = sum(said[str(file)].origin == "synthetic" for file in listing.files if str(file) in said)
    if synthetic:
        print(f"{synthetic:,} of them are synthetic, as {MANIFEST} says")
    for note in listing.notes:
        print(note)


def _table(what: str, target: str | None, kinds: dict[str, str]) -> None:
    frame = read_table(what).frame
    if target is not None and target not in frame.columns:
        raise ConfigError(f"{what}: there is no column {target!r}{nearest(target, frame.columns)}")
    schema = Schema.infer(frame, kinds)
    print(f"{what}: {len(frame):,} rows, {frame.shape[1]} columns\n")
    rows = [("column", "kind", "missing", "values")]
    for column in schema:
        share = float(frame[column.name].isna().mean())
        name = f"{column.name} (target)" if column.name == target else str(column.name)
        missing = "" if not share else "<0.1 %" if share < 0.001 else f"{share:.1%}".replace("%", " %")
        rows.append((name, column.kind, missing, column.says))
    _print_columns(rows)
    twice = int(frame.duplicated().sum())
    if twice:
        print(f"\n{twice:,} rows stand more than once.")
    if target is not None:
        X = frame.drop(columns=target)
        _classes(frame[target], schema.only(X.columns), X)


def _classes(y: pd.Series, schema: Schema, X: pd.DataFrame) -> None:
    counts = y.value_counts()
    print(f"\nClasses of {y.name!r}:")
    _print_columns(
        [
            ("  class", "rows", "share"),
            *[(f"  {label}", f"{n:,}", f"{n / len(y):.2%}") for label, n in counts[:30].items()],
        ]
    )
    if len(counts) > 30:
        print(f"  ... and {len(counts) - 30} more")
    if y.isna().any():
        print(f"  {int(y.isna().sum()):,} rows have no label: balance refuses them")
    if len(counts) > 1:
        print(f"Imbalance ratio (largest to smallest): {counts.iloc[0] / counts.iloc[-1]:.1f}")
    if len(counts) > max(50, len(y) / 2):
        print("This looks like a measured quantity rather than a class.")
        return
    fit, unfit = suited(schema, X)
    print(f"\nGenerators that suit: {', '.join(fit)}")
    for name, why in unfit.items():
        print(f"  not {name}: {why}")


def suited(schema: Schema, X: pd.DataFrame) -> tuple[list[str], dict[str, str]]:
    """Return which generators take the table, and why the others do not."""
    kinds = set(schema.kinds.values())
    learned = [column.name for column in schema if column.kind not in ("identifier", "empty")]
    holes = bool(X[learned].isna().any(axis=None)) if learned else False
    fit, unfit = [], {}
    for name, made in all_generators().items():
        can = made.supports
        if "table" not in can.kinds or name == "FromImblearn":
            continue
        lacks = [("categories", "category" in kinds, can.categories), ("missing values", holes, can.missing),
                 ("numbers", bool(kinds & {"number", "datetime"}), can.numbers)]  # fmt: skip
        why = [what for what, there, able in lacks if there and not able]
        if why:
            unfit[name] = f"it takes no {' and no '.join(why)}"
        else:
            fit.append(name)
    return fit, unfit


def _model(what: str) -> None:
    generator = load(what)
    print(f"{what}: {generator!r}")
    print(f"kind: {generator.kind_}")
    if generator.notes_.get("target"):
        print(f"target: {generator.notes_['target']}")
    if not generator.labels_.absent:
        classes = zip(generator.classes_.tolist(), generator.labels_.counts.tolist(), strict=True)
        print("classes: " + ", ".join(f"{label} ({n:,})" for label, n in classes))
    if hasattr(generator.encoder_, "schema_"):
        print("\nColumns:")
        _print_columns([(f"  {column.name}", column.kind, column.says) for column in generator.schema_])
    if getattr(generator, "history_", None):
        _training(generator)
    for label, text in generator.few_rows_.items():
        print(f"few rows of class {label}: {text}")
    if generator.keeps_rows:
        print("\nContains real rows: treat it as you treat the data.")


def _training(generator: Any) -> None:
    """Print how a training ended, and how its figures went."""
    history, why = generator.history_, _ENDS.get(generator.ended_)
    last, planned = history[-1], f" of {generator.planned_:,}" if why else ""
    print(f"\nTraining: {last['step']:,.0f}{planned} steps in {last['seconds']:.1f} s{why or ''}\n")
    print(printed(history))


def _recipe(what: str) -> None:
    try:
        data: Any = json.loads(Path(what).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{what}: {error.strerror or error}") from None
    except ValueError as error:
        raise FormatError(f"{what}: not a recipe: {error}") from None
    if not isinstance(data, dict) or set(data) != {"job", "result"}:
        raise FormatError(f"{what}: not a recipe: it holds no job and result")
    print(f"{what}\n\nAsked:")
    _print_columns([(f"  {name}", json.dumps(value, ensure_ascii=False)) for name, value in data["job"].items()])
    print("\nDone:")
    _print_columns([(f"  {name}", json.dumps(value, ensure_ascii=False)) for name, value in data["result"].items()])
    done = set(data["result"])
    verb = "transform" if {"policy", "style"} & done else "compare" if "recommended" in done else "balance"
    print(f"\nThe same again: gensynth {verb} --config {what} --overwrite")


def _print_columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows with aligned columns, numbers to the right, the last cut to the width of a page."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    right = [all(_digit(row[place]) for row in rows[1:]) and len(rows) > 1 for place in range(len(rows[0]))]
    for row in rows:
        cells = [
            cell.rjust(width) if num else cell.ljust(width) for cell, width, num in zip(row, widths, right, strict=True)
        ]
        line = "  ".join(cells).rstrip()
        print(line if len(line) <= WIDE else f"{line[: WIDE - 3]}...")


def _digit(text: str) -> bool:
    return re.fullmatch(r"[<\d,. ]*%?", text.strip()) is not None
