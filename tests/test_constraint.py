"""Constraint: the language it reads, what it must never do, and how the command line and YAML give it."""

from __future__ import annotations

import json
import warnings
from decimal import Decimal
from pathlib import PurePosixPath, PureWindowsPath

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from gensynth import Constraint
from gensynth.cli.settings import gate
from gensynth.errors import ConfigError, GensynthWarning
from gensynth.gates.expression import Expression

NONE = [None] * 4
X = pd.DataFrame({
    "age": [10, 20, None, 40],
    "country": ["PT", "ES", None, "PT"],
    "net income": [1.5, 2, 3, 4.0],
    "capital": [1, 1, 1, 1],
    "married": [True, False, True, False],
    "member": [True, None, False, True],
    "day": pd.to_datetime(["2024-01-01", "2024-02-01", None, "2025-01-01"]),
    "zoned": pd.to_datetime(["2024-01-01", "2024-02-01", None, "2025-01-01"]).tz_localize("Europe/Lisbon"),
    "said": ["31.01.2024", "01.02.2023", None, "05.05.2024"],
    "wait": pd.to_timedelta([1, 2, 3, None], unit="D"),
    "x y": ["it's", "`q`", "c", "d"],
    "big": [2**60, 2**60 + 1, 5, 6],
    "class": ["a", "b", "c", "d"],
})  # fmt: skip
ONLY_PANDAS = X.assign(
    size=pd.Categorical(["S", "L", "M", None], ["S", "M", "L"], ordered=True),
    none=pd.Series(NONE, dtype=object),
    money=[Decimal("1.10"), Decimal("2.20"), None, Decimal("9")],
    mixed=[1, "a", None, 2.5],
    digits=pd.Categorical([1, 2, None, 4]),
)


def accepted(expression, table):
    """Return for which rows of a table the condition holds, as 0 and 1."""
    with warnings.catch_warnings(action="ignore", category=GensynthWarning):
        return Constraint(expression).fit(table, None).accept(table, None).astype(int).tolist()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("age >= 18 and (country == 'PT' or `net income` < 2 * capital)", [0, 0, 0, 1]),
        ("country in ['PT', 'ES']", [1, 1, 0, 1]),
        ("country not in ('PT',)", [0, 1, 0, 0]),
        ("age in {10, -3, 4e1}", [1, 0, 0, 1]),
        ("not married", [0, 1, 0, 1]),
        ("member", [1, 0, 0, 1]),
        ("not member", [0, 0, 1, 0]),
        ("isna(age) or age > 15", [0, 1, 1, 1]),
        ("notna(member) & (age != 10)", [0, 0, 0, 1]),
        ("0 < age <= 20", [1, 1, 0, 0]),
        ("country != 'PT'", [0, 1, 0, 0]),  # a missing one is neither
        ("not country == 'PT'", [0, 1, 0, 0]),
        ("age > 99 or married", [1, 0, 1, 0]),
        ("day >= '2024-01-15'", [0, 1, 0, 1]),
        ("'2024-01-15' <= day < '2024-12-31 12:00'", [0, 1, 0, 0]),
        ("zoned > '2024-01-31 23:59'", [0, 1, 0, 1]),
        ("day in ['2024-01-01']", [1, 0, 0, 0]),
        ("said >= '2024-01-31'", [1, 0, 0, 1]),
        ("said == '31.01.2024'", [1, 0, 0, 0]),
        ("said < day", [0, 1, 0, 1]),
        ("wait > '1 days'", [0, 1, 1, 0]),
        ("abs(-age) > 15", [0, 1, 0, 1]),
        ("max(age, capital * 30) == 30", [1, 1, 0, 0]),
        ("min(age, 15, `net income`) == 2", [0, 1, 0, 0]),
        ("round(`net income`) == 2 and round(`net income`, 1) <= 2", [1, 1, 0, 0]),
        ("age ** 2 > 300 and age / 2 - 1 < 15", [0, 1, 0, 0]),
        ("age // 3 % 2 == 0", [0, 1, 0, 0]),
        ("capital / 0 > 2", [1, 1, 1, 1]),
        ("(capital - 1) / 0 > 2", [0, 0, 0, 0]),
        ("(age > 15) & ~married", [0, 1, 0, 1]),
        ("(age > 15) == married", [0, 0, 0, 0]),
        ("married == True", [1, 0, 1, 0]),
        ("`x y` == '`q`' or `x y` == \"it's\"", [1, 1, 0, 0]),
        ("big == 1152921504606846977", [0, 1, 0, 0]),
        ("`class` > 'b'", [0, 0, 1, 1]),
        ("age > 15 # a remark\n and married == False", [0, 1, 0, 1]),
        ("True", [1, 1, 1, 1]),
        ("(age > 15) or (married)", [1, 1, 1, 1]),
        ("\n(age > 15)  # )\n or `x y` == ')'", [0, 1, 0, 1]),
    ],
)
def test_conditions(expression, expected):
    assert accepted(expression, X) == expected
    assert accepted(expression, pl.from_pandas(X)) == expected
    assert accepted(expression, X.set_index(pd.Index([7, 7, 8, 9]))) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("size < 'L'", [1, 0, 1, 0]),
        ("size == 'M'", [0, 0, 1, 0]),
        ("none > 3", [0, 0, 0, 0]),
        ("isna(none) and not notna(none)", [1, 1, 1, 1]),
        ("none", [0, 0, 0, 0]),
        ("money >= 2.2", [0, 1, 0, 1]),
        ("mixed == 1 or mixed == 'a'", [1, 1, 0, 0]),
        ("digits * 2 > 3", [0, 1, 0, 1]),
    ],
)
def test_columns_of_pandas_alone(expression, expected):
    assert accepted(expression, ONLY_PANDAS) == expected


def test_arrays_and_tensors_have_numbered_columns():
    array = np.arange(9.0).reshape(3, 3)
    for table in (array, torch.as_tensor(array), array.tolist()):
        assert accepted("x0 > 2 and x2 != 5", table) == [0, 0, 1]
    with pytest.raises(ConfigError, match="no column 'x3'; there is x0, x1, x2"):
        Constraint("x3 > 1").fit(array, None)


def test_names_that_are_no_text_stand_as_printed():
    table = pd.DataFrame({2020: [1, 5], (1, "a"): [1, 2], True: [1, 2], pd.Timestamp("2024-01-31"): [2, 1]})
    assert accepted("`2020` > 3", table) == accepted("x2020 > 3", table) == [0, 1]
    assert accepted("`(1, 'a')` == 2", table) == accepted("`True` == 2", table) == [0, 1]
    assert accepted("`2024-01-31 00:00:00` == 2", table) == [1, 0]
    assert accepted("`2020` > 3", table.assign(**{"2020": [9, 0]})) == [1, 0]  # the text comes first
    for columns in ([0, "x0"], ["x0", 0]):
        assert accepted("x0 == 7", pd.DataFrame([[7, 8], [8, 7]], columns=columns)) == [
            columns[0] == "x0",
            columns[1] == "x0",
        ]
    twins = pd.DataFrame([[1, 2]], columns=[PurePosixPath("a"), PureWindowsPath("a")])
    with pytest.raises(ConfigError, match="'a' may mean 2 columns"):
        Constraint("`a` > 0").fit(twins, None)


@pytest.mark.parametrize(
    "text", ["01.03.2024", "03/01/2024", "2024/03/01", "today", "now", "March 2024", "2024", "20240301"]
)
def test_times_are_read_in_iso_or_as_the_column_writes_them(text):
    for column in ("day", "zoned"):
        with pytest.raises(ConfigError, match=r"holds times, and .* is none: write it as '2024-01-31'"):
            Constraint(f"{column} >= '{text}'").fit(X, None)
    if text != "01.03.2024":
        with pytest.raises(ConfigError, match=r"or in the column's own format %d\.%m\.%Y"):
            Constraint(f"said >= '{text}'").fit(X, None)


def test_times_in_iso():
    assert accepted("said >= '01.03.2024'", X) == [0, 0, 0, 1]
    for text in ("2024-02-01", "2024-02-01T00:00", "2024-02-01 00:00:00.000Z", "2024-02-01 01:00+01:00"):
        assert accepted(f"day == '{text}'", X) == accepted(f"zoned == '{text}'", X) == [0, 1, 0, 0]
    with pytest.raises(ConfigError, match="is none"):
        Constraint("day > '2024-02-30'").fit(X, None)


@pytest.mark.parametrize("operator", ["==", "!=", "<", ">="])
def test_times_with_and_without_a_zone_do_not_compare(operator):
    for sides in (("day", "zoned"), ("zoned", "said")):
        with pytest.raises(ConfigError, match=r"zoned has a time zone and .* has none"):
            Constraint(f" {operator} ".join(sides)).fit(X, None)
    with pytest.raises(ConfigError, match="day holds times, and wait durations"):
        Constraint(f"wait {operator} day").fit(X, None)
    same = X.assign(later=X["zoned"].dt.tz_convert("UTC"))
    assert accepted(f"zoned {operator} later", same) == (
        [1, 1, 0, 1] if "==" in operator or operator == ">=" else [0] * 4
    )


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "such as 'age >= 18'"),
        (None, "such as 'age >= 18'"),
        (7, "such as 'age >= 18'"),
        ("agee > 3", "did you mean 'age'"),
        ("age > ", "cannot be read"),
        ("class == 'a'", "backticks"),
        ("`age > 1", "backtick is not closed"),
        ("`` > 1", "names no column"),
        ("age", "age is no condition"),
        ("age + 1", "no condition"),
        ("not capital", "capital is no condition"),
        ("country > 3", "put the value in quotes"),
        ("age == 'x'", "without quotes"),
        ("married == 'x'", "write True or False"),
        ("day > 'soon'", "'soon' is none"),
        ("day > 3", "write times in quotes"),
        ("wait > 'long'", "holds durations"),
        ("day + 1 > '2024-01-01'", "no number to compute with"),
        ("size < 'Q'", "no level of the ordered category"),
        ("mixed < 'a'", "no order"),
        ("age == None", "isna"),
        ("country in 'PT'", "wants a list"),
        ("age in [capital]", "plain numbers or texts"),
        ("min(age)", "min takes 2 to 20 arguments"),
        ("abs(age, age)", "abs takes 1 argument"),
        ("isna(age + 1)", "takes a column"),
        ("round(age, 99)", "whole number of digits"),
        ("age ** 9 > 1", "exponent is a plain number"),
        ("age ** capital > 1", "exponent is a plain number"),
        ("country is 'PT'", "`is` cannot stand"),
        ("age > 18) or (married", "a bracket is closed that is not open"),
        ("min) (age, capital", "a bracket is closed that is not open"),
        ("(age > 18", "cannot be read"),
        ("age > 18)", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(expression, says):
    with pytest.raises(ConfigError, match=says):
        Constraint(expression).fit(ONLY_PANDAS, None)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('touch /tmp/owned')",
        "().__class__.__bases__[0].__subclasses__()",
        "age.real > 1",
        "age.__class__ == 1",
        "age[0] > 1",
        "(lambda: 1)() > 0",
        "f'{age}' == 'x'",
        "[x for x in age]",
        "{x for x in age}",
        "(x for x in age)",
        "{1: age}",
        "age if married else age",
        "(age := 3) > 1",
        "yield age",
        "await age",
        "*age",
        "exec('1')",
        "open('x')",
        "print(age)",
        "abs(x=age)",
        "abs(*age)",
        "min.__self__ == 1",
        "`abs`(age) > 1",
        "globals() == 1",
        "age > 15 or __builtins__",
        "@PT == country",
        "age > 1; import os",
        "age > 1\nimport os",
        "age\x00 > 1",
        "9**9**9 > age",
        "9 ** -9 > age",
        "'a' * 10000000 == country",
        "'%s' % age == 'x'",
        "b'x' == country",
        "age > 1j",
        "... == age",
        "age << 60 > 1",
        "age @ age",
        "age > " + "9" * 30,
        "age > " + "9" * 1900,
        "(" * 300 + "age" + ")" * 300 + " > 1",
        "-" * 1900 + "age > 1",
        "not " * 400 + "married",
        "+".join(["age"] * 300) + " > 1",
        "[" * 900,
        "a" * 10_000_000,
        "age > 1 and " * 100_000 + "married",
    ],
    ids=lambda text: text[:24].replace("\x00", "0"),
)
def test_nothing_but_conditions_is_read(expression, tmp_path):
    with pytest.raises(ConfigError) as caught:
        Constraint(expression).fit(X, None)
    assert len(str(caught.value)) < 400


def test_texts_of_the_expression_stay_texts():
    table = pd.DataFrame({"a": ["__import__('os')", "`b`", "a \\ b"]})
    assert accepted("a == \"__import__('os')\"", table) == [1, 0, 0]
    assert accepted("a == '`b`'", table) == [0, 1, 0]
    assert accepted("a == 'a \\\\ b'", table) == [0, 0, 1]
    assert Expression("`column_0_` > column_0_ and `µ` > 1").columns == ["column_0_", "µ"]
    assert accepted("µ > 1", pd.DataFrame({"µ": [1, 2]})) == [0, 1]  # Python reads it as another letter
    assert accepted("abs > 1 and isna > 1", pd.DataFrame({"abs": [1, 2], "isna": [2, 2]})) == [0, 1]


def test_real_rows_that_break_it_are_counted():
    with pytest.warns(GensynthWarning, match=r"2 of 4 real rows break Constraint\(age >= 18\)"):
        constraint = Constraint("age >= 18").fit(X, None)
    assert constraint.broken_ == 2
    Constraint("big > 0").fit(X, None)  # without a word
    assert len(Constraint("age > 1 and " * 20 + "married").title) < 80


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("NotACopy", "NotACopy"),
        ("NotACopy()", {"name": "NotACopy", "params": {}}),
        ("NotACopy(ratio=0.2)", {"name": "NotACopy", "params": {"ratio": 0.2}}),
        ("LabelAgrees(folds=3, share=0.1)", {"name": "LabelAgrees", "params": {"folds": 3, "share": 0.1}}),
        ("G(a=[1, 2], b={c: 3, d: 4})", {"name": "G", "params": {"a": [1, 2], "b": {"c": 3, "d": 4}}}),
        ("Constraint(max(a, b) == 3)", {"name": "Constraint", "params": {"expression": "max(a, b) == 3"}}),
        ("Constraint(expression=a > 3)", {"name": "Constraint", "params": {"expression": "a > 3"}}),
        ("Constraint(expression == 'x')", {"name": "Constraint", "params": {"expression": "expression == 'x'"}}),
    ],
)
def test_words_of_the_command_line(word, expected):
    assert gate(word) == expected


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--gate 'Constraint(amount >= 10'", "bracket is not closed"),
        ("--gate 'Constraint(amout >= 10)'", "did you mean 'amount'"),
        ("--gate Constraint", "Constraint needs expression"),
        ("--gate 'Constraint(amount.real > 1)'", "a dot"),
        ("--gate 'NotACopy(rato=1)'", "did you mean 'ratio'"),
        ("--gate 'NotACopy(0.5)'", "expected NAME=VALUE"),
        ("--gate 'Plausible(share=much)'", "share='much'"),
    ],
)
def test_wrong_gates_of_the_command_line(payments, shell, words, says):
    done = shell(f"gensynth balance payments.csv -t fraud -o out.csv {words}")
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_gates_by_option_and_by_yaml(payments, shell, tmp_path):
    (tmp_path / "job.yaml").write_text(
        "data: payments.csv\ntarget: fraud\nstrategy: 0.1\nout: a.csv\ngates:\n- NotACopy\n"
        "- {name: Constraint, params: {expression: \"amount >= 100 and country in ['DE', 'NL']\"}}\n"
    )
    done = shell("gensynth balance --config job.yaml")
    assert done.returncode == 0, done.stderr
    assert "real rows break" in done.stderr
    made = pd.read_csv(tmp_path / "a.csv")[2000:]
    assert len(made) > 100
    assert (made["amount"] >= 100).all()
    assert set(made["country"]) <= {"DE", "NL"}
    gates = "--gate NotACopy --gate \"Constraint(amount >= 100 and country in ['DE', 'NL'])\""
    again = shell(f"gensynth balance payments.csv -t fraud --strategy 0.1 {gates} -o b.csv")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    result = json.loads((tmp_path / "b.csv.recipe.json").read_text())["result"]
    assert "Constraint(amount >= 100 and country in ['DE', 'NL'])" in result["refused"]
