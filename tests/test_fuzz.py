"""Files of any content: tables, configurations and models are read, or refused by a `GensynthError`, and nothing else.

Inputs are valid files with bytes turned, cut, doubled and put in, and texts of the words that such files hold. The
fast tests take a few hundred of each; the slow one 100,000 in all. What they find is kept in
`test_regressions_hostile.py`.
"""

from __future__ import annotations

import copy
import gzip
import io
import json
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gensynth import ARF, SMOTENC, VAE, Augment, GaussianCopula, Images, RandomOverSampler, load
from gensynth.cli.settings import as_yaml, gather, gather_change, gather_compare
from gensynth.errors import GensynthError
from gensynth.recipe import build_generator
from gensynth.store import read_table
from gensynth.store.base import Target
from gensynth.store.formulas import Guard
from gensynth.transforms import Flip

pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).resolve().parents[1]
FEW = 300
MANY = {"tables": 30_000, "configurations": 50_000, "models": 20_000}
LONG, MUCH = 10, 1 << 20  # seconds of a processor for one input, and kilobytes that all of them may add
SPECIAL = [
    b"\0", b'"', b"\n", b"\r", b",", b";", b"\t", b"'", b"=", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\xc3\xa9", b"\xe9", b"\x81", b"9" * 400, b"-", b"1e999", b"nan", b"[" * 200, b"{", b"}", b"&a ", b"*a",
    b"!!", b"? ", b": ", b"\xed\xa0\x80", b"\x1c", b"\x1a", b" ", b"null", b"../../x", b"PAR1", b"\x1f\x8b",
    b'""', b"#", b"%", b"|", b"2020-99-99", b"~",
]  # fmt: skip
PLACE = st.floats(0, 1, exclude_max=True)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["turn", "cut", "end", "put", "swap", "again"]), PLACE, PLACE, st.sampled_from(SPECIAL)
    ),
    max_size=6,
)  # fmt: skip


def changed(content: bytes, changes: list[tuple[str, float, float, bytes]]) -> bytes:
    """Return bytes with changes made to them, each at a place that is a share of their length."""
    for what, first, second, special in changes:
        start, stop = sorted((int(first * len(content)), int(second * len(content))))
        if what == "turn" and content:
            content = content[:start] + bytes([content[start] ^ (1 << stop % 8)]) + content[start + 1 :]
        elif what == "cut":
            content = content[:start] + content[min(stop, start + 20) :]
        elif what == "end":
            content = content[:stop]
        elif what == "put":
            content = content[:start] + special + content[start:]
        elif what == "swap":
            content = content[:start] + content[stop:] + content[start:stop]
        elif what == "again":
            content = content[:stop] + content[start:stop][:2000] + content[stop:]
    return content[: 1 << 18]


def survives(work: Callable[[], Any]) -> None:
    """Do something of which nothing but a `GensynthError` may come, soon."""
    started = time.process_time()
    with suppress(GensynthError):
        work()
    assert time.process_time() - started < LONG


@pytest.fixture(autouse=True)
def within_bounds():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MUCH


def fuzz(test: Callable[..., None], examples: int, **strategies: Any) -> None:
    """Run a test on so many inputs, the same on every machine."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    run = given(**strategies)(test)
    settings(max_examples=examples, suppress_health_check=checks, derandomize=True, database=None, deadline=None)(run)()


HOW_MANY = pytest.mark.parametrize("many", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["few", "many"])


# Tables ----------------------------------------------------------------------------------------------------------


def valid_tables() -> list[bytes]:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.normal(size=9).round(2), "b": ["x", None, 'say "y"'] * 3, "c": pd.Categorical([*"pqr"] * 3), "d": 7}
    )
    text = frame.to_csv(index=False)
    parquet = io.BytesIO()
    frame.assign(t=pd.date_range("2020", periods=9, tz="UTC")).to_parquet(parquet)
    return [
        text.encode(), text.encode("utf-16"), text.encode("utf-8-sig"), text.replace(",", ";").encode(),
        text.replace("x", "é").encode("latin-1"), text.replace("\n", "\r\n").encode(),
        text.replace("\n", "\r").encode(),
        frame.to_csv(index=False, quoting=1, sep="\t").encode(), b"one\nwords, and\nmore; of them\n", b"a, b\n1, 2\n",
        gzip.compress(text.encode(), mtime=0), parquet.getvalue(),
    ]  # fmt: skip


CELLS = [
    "", "1", "-1.50", "007", "NA", "x", "é", '"', '""', '"a,b"', '"l\nm"', '"', " ", "=1", "1,5", "1e5", "inf",
    "\t", "\r", "\0", "😀", "2020-01-01", "9" * 30, "'", "#", "\ufeff", "\x1c", "\u2028",
]  # fmt: skip


@st.composite
def tables(draw: Any) -> bytes:
    if draw(st.booleans()):
        return changed(draw(st.sampled_from(valid_tables())), draw(CHANGES))
    width = draw(st.integers(1, 4))
    row = st.lists(st.sampled_from(CELLS), min_size=max(width - 1, 1), max_size=width)
    rows = draw(st.lists(row, max_size=6))
    delimiter, end = draw(st.sampled_from([",", ";", "\t", "|", ", "])), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    text = end.join(delimiter.join(cells) for cells in rows) + draw(st.sampled_from(["", end]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252"]))
    return changed(text.encode(encoding, "replace"), draw(CHANGES))


def read_and_written(path: Path) -> None:
    table = read_table(path)
    json.dumps(table.manner())
    names, family = [*table.frame.columns], table.family
    assert len(table.texts(names[0])) == len(table)
    rows, out = np.arange(len(table)), io.BytesIO()
    table._write(out, Target(family, path.suffix), rows, table.frame.iloc[:2], None, None)
    table._write(
        io.BytesIO(), Target(family, path.suffix), rows[::-1], None, "a mark", Guard() if family == "csv" else None
    )
    frame = io.BytesIO()
    table._convert(frame, Target("csv", ".csv"), rows, None, None, Guard())


@HOW_MANY
def test_tables(tmp_path, many):
    def test(content: bytes, suffix: str) -> None:
        path = tmp_path / f"table{suffix}"
        path.write_bytes(content)
        survives(lambda: read_and_written(path))

    suffixes = st.sampled_from([".csv", ".csv", ".tsv", ".txt", ".parquet", ".csv.gz"])
    fuzz(test, MANY["tables"] if many else FEW, content=tables(), suffix=suffixes)


# Configurations --------------------------------------------------------------------------------------------------


def valid_configurations() -> list[bytes]:
    job = {"data": "x.csv", "target": "y", "generator": {"name": "ARF", "params": {"trees": 3}}, "gates": ["NotACopy"]}
    result = {"generator": job["generator"], "input": {"sha256_of_rows": "0"}, "repeat": {"steps": 3}, "gates": []}
    recipe = json.dumps({"job": {**job, "style": "s", "params": {"strength": 1}}, "result": result}).encode()
    return [*(path.read_bytes() for path in sorted((ROOT / "configs").glob("*.yaml"))), recipe]


WORDS = """
    data target out generator name params policy parts strategy gates seed schema columns job result repeat
    input reject size methods folds metrics style copies safe_csv memory dask under SMOTE VAE Augment Auto
    Compose Flip Rotate OneOf degrees NotACopy Constraint expression hidden noise training p auto table image <<
    random_state
""".split()
TOKENS = [
    ": ", "\n", "\n  ", "\n- ", "{", "}", "[", "]", ", ", "&a ", "*a", "!!int ", "!!binary ", "!!timestamp ",
    "!!set ", "!!python/object:os.system ", "? ", "| ", "> ", "'", '"', "#", "---\n", "...\n", "%YAML 1.1\n",
    "~", "true", "1", "-1", "1e999", ".nan", ".inf", "0x1f", "1:60", "2020-01-01", "2020-99-99", "9" * 5000,
    "\\U0010ffff", "\\ud800", "../../etc", "\0", "\t", "é", "=", "null",
]  # fmt: skip
VALUES = st.recursive(
    st.sampled_from(
        [*WORDS, None, True, -1, 0, 3, 10**30, 0.5, float("nan"), float("inf"), "", "x.csv", "\ud800", "a\0b"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
CONFIGURATIONS = st.one_of(
    st.builds(changed, st.sampled_from(valid_configurations()), CHANGES),
    st.lists(st.sampled_from([*WORDS, *TOKENS]), max_size=25).map(lambda words: "".join(words).encode()),
    st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6).map(
        lambda found: json.dumps({"data": "x.csv", **found}).encode()
    ),
)  # fmt: skip


def gathered(path: str) -> None:
    for read in (gather, gather_change, gather_compare):
        try:
            job = read(path)
        except GensynthError:
            continue
        as_yaml(job)
        if getattr(job, "generator", None) is not None:
            build_generator(job.generator, seed=job.seed)


@HOW_MANY
def test_configurations(tmp_path, monkeypatch, many):
    monkeypatch.chdir(tmp_path)

    def test(content: bytes) -> None:
        Path("job.yaml").write_bytes(content)
        survives(lambda: gathered("job.yaml"))

    fuzz(test, MANY["configurations"] if many else FEW, content=CONFIGURATIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["job.yaml"]


# Models ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> list[tuple[dict[str, Any], bytes]]:
    """What model.json and weights.safetensors of models of several kinds hold."""
    rng, y = np.random.default_rng(0), ["r"] * 8 + ["c"] * 22
    frame = pd.DataFrame(
        {"a": rng.normal(size=30).round(2), "c": rng.choice([*"xyz"], 30), "d": pd.date_range("2020", periods=30),
         "i": pd.array([None, 1, 2] * 10, dtype="Int64"), "b": [True, False] * 15,
         "id": [f"k-{i:03}" for i in range(30)]}
    )  # fmt: skip
    images = Images(rng.integers(0, 255, (30, 3, 8, 8), dtype=np.uint8))
    makers = [
        (SMOTENC(random_state=0), frame),
        (ARF(random_state=0, trees=3), frame),
        (GaussianCopula(random_state=0), frame),
        (GaussianCopula(random_state=0), frame[["a"]].to_numpy()),
        (VAE(random_state=0, noise=2, hidden=(8,), steps=3), frame),
        (VAE(random_state=0, noise=2, hidden=(4,), steps=2), images),
        (RandomOverSampler(random_state=0), images),
        (RandomOverSampler(random_state=0), [f"text {i}" for i in range(30)]),
        (Augment(Flip(), random_state=0), images),
    ]
    found = []
    for number, (maker, rows) in enumerate(makers):
        folder = tmp_path_factory.mktemp("models") / str(number)
        maker.fit(rows, y).save(folder)
        weights = (folder / "weights.safetensors").read_bytes()
        found.append((json.loads((folder / "model.json").read_text(encoding="utf-8")), weights))
    return found


BAD = [
    None, True, -1, 0, 2**31, 2**62, 10**400, 1e308, float("nan"), float("inf"), "", "x", "../../x", "int8",
    "torch", [], {}, [None], [[]], [2**40, 2**40], {"a": 1}, {"missing": "NaT"}, {"timestamp": "x"},
    "datetime64[ns]", "category", "object", "SMOTE", "VAE", "Augment", "FromImblearn", "StyleTransfer",
]  # fmt: skip


def spoilt_meta(meta: Any, steps: list[float], value: Any, how: str) -> Any:
    """Return JSON with a value inside replaced, deleted or doubled; each step chooses a child by its share."""
    meta = copy.deepcopy(meta)
    at = meta
    for number, step in enumerate(steps):
        keys = [*at] if isinstance(at, dict) else [*range(len(at))]
        key = keys[int(step * len(keys))]
        if number + 1 < len(steps) and isinstance(at[key], dict | list) and at[key]:
            at = at[key]
            continue
        if how == "delete":
            del at[key]
        elif how == "double" and isinstance(at, list):
            at.append(at[key])
        else:
            at[key] = value
        break
    return meta


def spoilt_arrays(weights: bytes, place: float, how: str) -> bytes:
    """Return weights of which one array is of another shape, type or content, or not there."""
    arrays = {name: array.copy() for name, array in safetensors.numpy.load(weights).items()}
    if not arrays:
        return weights
    name = sorted(arrays)[int(place * len(arrays))]
    array = arrays.pop(name)
    flat = array.ravel()
    with np.errstate(all="ignore"):
        made = {
            "gone": None, "empty": flat[:0], "scalar": np.zeros((), array.dtype), "flat": flat, "short": array[:-1],
            "deep": array[None], "float": array.astype(np.float32), "int": array.astype(np.int64), "bool": array != 0,
            "nan": np.full(array.shape, np.nan), "huge": np.full(array.shape, 2**62, dtype=np.int64),
            "negative": np.full(array.shape, -7, dtype=np.int64), "zero": np.zeros_like(array), "name": array,
        }[how] if array.ndim or how != "short" else None  # fmt: skip
    if made is not None:
        arrays[name if how != "name" else f"../{name}"] = np.ascontiguousarray(made)
    return safetensors.numpy.save(arrays)


HOWS = [
    "gone",
    "empty",
    "scalar",
    "flat",
    "short",
    "deep",
    "float",
    "int",
    "bool",
    "nan",
    "huge",
    "negative",
    "zero",
    "name",
]
META = st.tuples(
    st.lists(PLACE, min_size=1, max_size=7), st.sampled_from(BAD), st.sampled_from(["set", "set", "delete", "double"])
)


@HOW_MANY
def test_models(tmp_path, models, many):
    folder = tmp_path / "model"
    folder.mkdir()

    def test(which: int, metas: list[Any], arrays: list[Any], text: list[Any], raw: list[Any]) -> None:
        meta, weights = models[which]
        for steps, value, how in metas:
            meta = spoilt_meta(meta, steps, value, how)
        for place, how in arrays:
            weights = spoilt_arrays(weights, place, how)
        (folder / "model.json").write_bytes(changed(json.dumps(meta).encode(), text))
        (folder / "weights.safetensors").write_bytes(changed(weights, raw))
        survives(lambda: load(folder))

    fuzz(
        test, MANY["models"] if many else FEW,
        which=st.integers(0, len(models) - 1), metas=st.lists(META, max_size=3),
        arrays=st.lists(st.tuples(PLACE, st.sampled_from(HOWS)), max_size=2),
        text=st.just([]) | CHANGES, raw=st.just([]) | CHANGES,
    )  # fmt: skip


def test_models_are_whole_before_they_are_spoilt(tmp_path, models):
    for number, (meta, weights) in enumerate(models):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "model.json").write_text(json.dumps(meta), encoding="utf-8")
        (folder / "weights.safetensors").write_bytes(weights)
        assert load(folder).classes_.tolist() == ["c", "r"]
