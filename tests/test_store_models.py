"""Saved models: what is written is read back, and a spoilt folder is a sentence."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from gensynth.errors import ConfigError, FormatError
from gensynth.store import FORMAT, check_model_output, read_model, write_model

META = {"name": "VAE", "low": -math.inf, "hole": math.nan, "text": "ü \ud800", "deep": {"n": [1, 2.5, None, True]}}
ARRAYS = {
    "w": np.arange(6, dtype=np.float32).reshape(2, 3),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "strided": np.arange(10)[::3],
    "big-endian": np.arange(3, dtype=">i4"),
    "bool": np.array([True, False]),
    "uint8": np.arange(3, dtype=np.uint8),
    "half": np.array([0.5, np.nan], dtype=np.float16),
    "scalar": np.array(7, dtype=np.int64),
    "empty": np.empty((0, 4)),
}


@pytest.fixture
def model(tmp_path):
    write_model(tmp_path / "m", META, ARRAYS)
    return tmp_path / "m"


def test_round_trip(model):
    meta, arrays = read_model(model)
    assert meta.pop("format") == FORMAT
    assert math.isnan(meta.pop("hole"))
    assert meta == {key: value for key, value in META.items() if key != "hole"}
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype.newbyteorder("=")
        assert arrays[name].shape == array.shape


def test_a_model_without_arrays(tmp_path):
    write_model(tmp_path / "m", {}, {})
    assert read_model(tmp_path / "m") == ({"format": FORMAT}, {})


def test_same_model_same_bytes(model, tmp_path):
    write_model(tmp_path / "again", dict(reversed(META.items())), dict(reversed(ARRAYS.items())))
    for part in ("model.json", "weights.safetensors"):
        assert (tmp_path / "again" / part).read_bytes() == (model / part).read_bytes()
    assert sorted(path.name for path in model.iterdir()) == ["model.json", "weights.safetensors"]


def test_only_a_model_is_replaced(model, tmp_path):
    with pytest.raises(ConfigError, match="exists; add --overwrite"):
        write_model(model, {}, {})
    write_model(model, {}, {}, overwrite=True)
    assert read_model(model)[1] == {}
    (tmp_path / "photos").mkdir()
    check_model_output(tmp_path / "photos", overwrite=True)
    (tmp_path / "photos" / "1.jpg").touch()
    with pytest.raises(ConfigError, match=r"holds other things than a model"):
        write_model(tmp_path / "photos", {}, {}, overwrite=True)
    assert (tmp_path / "photos" / "1.jpg").exists()


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(FormatError, match="array 'x' is of object"):
        write_model(tmp_path / "m", {}, {"x": np.array([None])})
    with pytest.raises(TypeError):
        write_model(tmp_path / "m", {"x": {1}}, {})
    assert list(tmp_path.iterdir()) == []


def test_not_a_model(model, tmp_path):
    with pytest.raises(ConfigError, match=r"there is no model .*; did you mean 'm'"):
        read_model(tmp_path / "M")
    (tmp_path / "file").touch()
    with pytest.raises(FormatError, match="is a file; a saved model is a folder"):
        read_model(tmp_path / "file")
    (model / "weights.safetensors").unlink()
    with pytest.raises(FormatError, match=r"not a whole model: weights.safetensors is missing"):
        read_model(model)
    (model / "model.json").unlink()
    with pytest.raises(FormatError, match=r"model.json is missing"):
        read_model(model)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "a JSON list, not an object"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "has no format number"),
        ('{"format": true}', "has no format number"),
        ('{"format": "1"}', "has no format number"),
        (json.dumps({"format": FORMAT + 1}), "reads up to 1; upgrade gensynth"),
    ],
)
def test_spoilt_meta(model, text, message):
    (model / "model.json").write_text(text)
    with pytest.raises(FormatError, match=message):
        read_model(model)


HEADER = json.dumps({"w": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}}).encode()


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"\xff" * 64, len(HEADER).to_bytes(8, "little") + HEADER, (1 << 60).to_bytes(8, "little") + b"{}"],
    ids=["empty", "short", "noise", "absurd shape", "absurd header"],
)
def test_spoilt_weights(model, content):
    (model / "weights.safetensors").write_bytes(content)
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        read_model(model)


def test_truncated_weights(model):
    whole = (model / "weights.safetensors").read_bytes()
    (model / "weights.safetensors").write_bytes(whole[:-4])
    with pytest.raises(FormatError, match="not a whole safetensors file"):
        read_model(model)
