"""Files that somebody made in order to do harm, or that broke on their way: each is a sentence, soon.

What `test_fuzz.py` finds is kept here, one line each.
"""

from __future__ import annotations

import gzip
import json
import os

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy

from gensynth import VAE, GaussianCopula, load
from gensynth.cli.settings import gather
from gensynth.errors import ConfigError, DataError, FormatError, RealRowsWarning, ignoring
from gensynth.recipe import Change, make_job, read_job
from gensynth.store import read_table, write_frame

LAUGHS = "data: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "\n".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.fixture
def config(tmp_path):
    def write(content):
        path = tmp_path / "job.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return str(path)

    return write


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('data: !!python/object/apply:os.system ["touch here"]', "could not determine a constructor"),
        (LAUGHS, "holds more than 200,000 values"),
        ("data: x\npolicy: &p [*p]", "an anchor stands inside itself"),
        ("data: &a {b: *a}", "an anchor stands inside itself"),
        ("data: " + "[" * 51 + "]" * 51, "more than 50 lists and mappings"),
        ("[" * 100_000, "more than 50 lists and mappings"),
        ("{a: " * 3000 + "1" + "}" * 3000, "more than 50 lists and mappings"),
        ("data: x\ndata: y", "a key stands twice"),
        ("? [1, 2]\n: 3", "a key is a list or a mapping"),
        ("data: 2020-99-99", r"line 1: not YAML: it is no timestamp \(ValueError: month"),
        ("data: x\nseed: " + "9" * 5000, "line 2: not YAML: it is no int"),
        ("data: !!bool abc", "it is no bool"),
        ("data: !!timestamp abc", "it is no timestamp"),
        ('data: "\\Uffffffff"', "OverflowError"),
        ("data: a\0b", "not YAML: unacceptable character"),
        ('data: "a\\0b"', "data cannot be the name of a file"),
        ('data: "\\ud800"', "data cannot be the name of a file"),
        ('data: x\nout: "a\\0b"', "out cannot be the name of a file"),
        (b"data: caf\xe9", "is text in UTF-8, and this is not"),
        (b"\xff\xfed\0a\0t\0a\0", "is text in UTF-8, and this is not"),
        ("- data: x", "expected settings"),
        ("job: 5\nresult: 6", "expected settings"),
        ("job: {data: x, style: y, params: 5}\nresult: {repeat: {a: 1}}", "params: Input should be a valid dictionary"),
        (f"data: x\npolicy: {'a' * 5000}", "aaa"),
    ],
)  # fmt: skip
def test_a_configuration_is_refused(config, tmp_path, content, message):
    with pytest.raises(ConfigError, match=message):
        make_job(read_job(config(content)), "", Change)
    assert [path.name for path in tmp_path.iterdir()] == ["job.yaml"]


def test_marks_in_a_file_that_cannot_be(config):
    with pytest.raises(ConfigError, match=r"--reject a.b: embedded null"):
        gather(config('data: x\nreject: "a\\0b"'))


def test_a_configuration_of_many_megabytes_is_not_read(config):
    with pytest.raises(ConfigError, match="at most 16 MB"):
        read_job(config(b"a" * ((16 << 20) + 1)))


def test_anchors_that_stay_small_are_taken(config):
    job = make_job(read_job(config("data: &name x\nout: *name\n")))
    assert (job.data, job.out) == ("x", "x")


@pytest.mark.parametrize("result", ["5", "[1]", "abc", "{input: 5, repeat: 7}", "{gates: 7}", "{policy: 0}"])
def test_a_recipe_whose_result_says_nothing(config, result):
    assert make_job(read_job(config(f"job: {{data: x}}\nresult: {result}"))).data == "x"


@pytest.mark.parametrize("result", ["{generator: [1]}", "{generator: 5, repeat: 6}", "{generator: {name: 1}}"])
def test_a_recipe_whose_result_is_spoilt(config, result):
    with pytest.raises(ConfigError, match="generator"):
        make_job(read_job(config(f"job: {{data: x}}\nresult: {result}")))


BIG = 65 << 20


def seen(tmp_path, content):
    (tmp_path / "t.csv").write_bytes(content)
    return read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,\0\n", "zero byte.*give a CSV"),
        ("a,b\n1,2\n".encode("utf-16-le"), "zero byte.*looks like UTF-16"),
        ("a,b\n1,2\n".encode("utf-32"), "zero byte.*looks like UTF-16 or UTF-32"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "is marked as utf-16-le and is not"),
        (b"\xff\xfea\0\n\0\0\xd8\n\0", "is marked as utf-16-le and is not"),
        (b"\xef\xbb\xbfa,b\n1,\xff\n", "is marked as utf-8 and is not"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"a,b\n1," + b"x" * BIG + b"\n", "line of more than 64 MB"),
        (b"x" * BIG, "line of more than 64 MB"),
        (b'a,b\n1,"' + b"x\n" * (BIG // 2) + b'"\n', r"line 2 begins a record of more than 64 MB; is every double"),
        (b'a,b\n1,"x' + b"y,\n" * 300_000, "line 2 opens a double quote that is never closed"),
        (b"x" * 200_000 + b",b\n1,2\n", r"t.csv: the header cannot be read \(field larger"),
        (b"," * 200_000 + b"\n" + b"," * 200_000, "has 200,001 columns, and the most are 100,000"),
        (b"PAR1" + b"x" * 99, "not a whole Parquet file"),
        (b"\x1f\x8bjunk", "gzip file is truncated or damaged"),
    ],
    ids=range(15),
)
def test_a_table_is_refused(tmp_path, content, message):
    with pytest.raises(DataError, match=message):
        seen(tmp_path, content)


def test_a_packed_table_does_not_swell_without_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr("gensynth.store.sources.ROOM", 1 << 20)
    with pytest.raises(DataError, match="unpacks to more than 200 times its size"):
        seen(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * (4 << 20)))
    assert len(seen(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 1000))) == 1000


def test_a_million_quotes_in_a_field(tmp_path):
    assert seen(tmp_path, b"a,b\n1,x" + b'"' * 1_000_000 + b"\n").frame["b"].str.len().tolist() == [1_000_001]


@pytest.mark.slow
def test_a_line_of_a_gigabyte(tmp_path):
    with open(tmp_path / "t.csv", "wb") as file:
        file.write(b"a,b\n1,")
        for _ in range(1 << 10):
            file.write(b"x" * (1 << 20))
    with pytest.raises(DataError, match="line of more than 64 MB"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("name", ["a\0b.csv", "a" * 5000, "\ud800.csv"])
def test_a_name_that_no_file_can_have(name):
    with pytest.raises(ConfigError):
        read_table(name)
    with pytest.raises(ConfigError):
        read_job(name)
    with pytest.raises(ConfigError):
        load(name)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("fitted")
    frame = pd.DataFrame({"a": rng.normal(size=40), "c": [*"xyzx"] * 10, "d": pd.date_range("2020", periods=40)})
    for made in (GaussianCopula(random_state=0), VAE(noise=2, hidden=(8,), steps=2, random_state=0)):
        with ignoring(RealRowsWarning):
            made.fit(frame, [*"rccc"] * 10).save(folder / type(made).__name__)
    return folder


@pytest.fixture
def spoilt(fitted, tmp_path):
    """Return a model folder whose JSON and arrays were changed by functions."""

    def make(meta=lambda found: None, arrays=lambda found: None, name="GaussianCopula"):
        folder = tmp_path / "model"
        folder.mkdir()
        said = json.loads((fitted / name / "model.json").read_text(encoding="utf-8"))
        held = safetensors.numpy.load_file(fitted / name / "weights.safetensors")
        meta(said)
        arrays(held)
        (folder / "model.json").write_text(json.dumps(said), encoding="utf-8")
        safetensors.numpy.save_file(held, folder / "weights.safetensors")
        return folder

    return make


def test_other_files_in_a_model_are_not_read(spoilt):
    folder = spoilt()
    (folder / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    assert load(folder).sample(3).shape == (3, 3)


@pytest.mark.parametrize("part", ["model.json", "weights.safetensors"])
@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("/dev/zero", path)])
def test_a_part_of_a_model_that_is_no_file(spoilt, part, make):
    folder = spoilt()
    (folder / part).unlink()
    make(folder / part)
    with pytest.raises(FormatError, match=f"{part} is missing"):
        load(folder)


def test_a_pickle_in_place_of_weights(spoilt):
    folder = spoilt()
    (folder / "weights.safetensors").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR." + b" " * 99)
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        load(folder)


@pytest.mark.parametrize("name", ["../../x", "os.system", "Balancer", "Generator", "", None, 5, [], {}])
def test_a_generator_that_is_none(spoilt, name):
    with pytest.raises(ConfigError, match="there is no generator"):
        load(spoilt(lambda meta: meta.update(generator=name)))


def column(place, **values):
    return lambda meta: meta["encoder"]["columns"][place].update(values)


@pytest.mark.parametrize(
    "meta",
    [
        lambda meta: meta.update(params=json.loads("[" * 900 + "]" * 900)),
        column(0, decimals=10**400), column(0, decimals="x"), column(0, high=None), column(0, step="x"),
        column(1, kind="../x"), column(1, dtype="object[x]"), column(2, unit="x"), column(2, origin=None),
        column(2, text="x"), column(2, known=[None]), lambda meta: meta["encoder"]["frame"].update(dtype="x"),
        lambda meta: meta["labels"].update(classes=["r"]), lambda meta: meta.update(seed=float("nan")),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_a_model_says_is_spoilt(spoilt, meta):
    with pytest.raises(FormatError, match="model"):
        load(spoilt(meta))


def test_a_model_that_lacks_what_its_rows_hold_makes_none(spoilt, run):
    spoilt(lambda meta: meta["encoder"]["columns"][1]["levels"].pop())
    status, _, said = run("sample", "model", "-n", "50")
    assert (status, "model makes no rows (" in said) == (1, True)


@pytest.mark.parametrize(
    "manner",
    [
        {"dialect": {"encoding": "zip"}}, {"dialect": {"delimiter": 5}}, {"dialect": {"delimiter": ""}},
        {"dialect": {"newline": "x"}}, {"dialect": {"mark": True, "encoding": "latin-1"}}, {"dialect": 5}, {"names": 5},
        {"columns": {"a": {"decimals": 10**9}}}, {"columns": {"a": {"kind": "x"}}}, {"columns": {"a": {"missing": 5}}},
        {"columns": {"a": {"decimals": "x"}}}, {"columns": []},
    ],
    ids=range(12),
)  # fmt: skip
def test_a_manner_that_is_spoilt(manner):
    like = {"format": "csv", "dialect": {}, "header": "a", "names": ["a"], "titles": ["a"], "columns": {}, **manner}
    with pytest.raises(FormatError, match="manner of the table is spoilt"):
        write_frame(pd.DataFrame({"a": [1.5]}), "-", like=like)


@pytest.mark.parametrize("params", [{"hidden": [30_000, 30_000]}, {"noise": 2**60}, {"hidden": [10**9]}])
def test_networks_are_not_made_larger_than_their_weights(spoilt, params):
    with pytest.raises(FormatError, match="weights are fewer than its networks have"):
        load(spoilt(lambda meta: meta["params"].update(params), name="VAE"))


@pytest.mark.parametrize(
    "change", [lambda array: array[:0], lambda array: np.full(array.shape, -7), lambda array: None]
)
@pytest.mark.parametrize("name", ["GaussianCopula", "VAE"])
def test_arrays_of_a_model_are_spoilt(spoilt, name, change):
    def spoil(arrays):
        made = change(arrays.pop("labels/counts"))
        arrays |= {} if made is None else {"labels/counts": made}

    with pytest.raises(FormatError, match="model"):
        load(spoilt(arrays=spoil, name=name))
