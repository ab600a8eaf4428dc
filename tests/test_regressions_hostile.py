"""Files that somebody made in order to do harm, or that broke on their way: each is a sentence, soon.

What `test_fuzz.py` finds is kept here, one line each.
"""

from __future__ import annotations

import pytest

from gensynth.errors import ConfigError
from gensynth.recipe import Change, make_job, read_job

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
