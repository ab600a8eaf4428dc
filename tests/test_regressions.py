"""What reviews found, so that it stays found."""

from __future__ import annotations

import decimal
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from imblearn.under_sampling import RandomUnderSampler
from scipy import sparse

from gensynth import SMOTE, SVMSMOTE, Balancer, KMeansSMOTE, NotACopy, RandomOverSampler, load
from gensynth.data.frames import Frame
from gensynth.data.schema import Schema
from gensynth.errors import ConfigError, DataError, FewRowsWarning, FormatError

RNG = np.random.default_rng(0)
N = 200
Y = np.r_[np.ones(20), np.zeros(180)].astype(int)


def frame(**columns):
    return pd.DataFrame({**columns, "x": np.random.default_rng(1).normal(size=N)})


@pytest.mark.parametrize(
    "make", [list, np.array, pd.Series, pl.Series, pd.Categorical, lambda y: pd.DataFrame({"y": y})]
)
def test_y_is_left_as_it_was(make):
    y = make(Y.tolist())
    _, y_new = Balancer(SMOTE(random_state=0)).fit_resample(frame(), y)
    assert len(y) == N
    assert type(y_new) is type(y)
    assert len(y_new) == 360


def test_a_seed_of_the_generator_is_enough():
    X = frame()
    for gates in ([], [NotACopy()]):
        a, b = (Balancer(SMOTE(random_state=0), gates=gates).fit_resample(X, Y)[0] for _ in range(2))
        pd.testing.assert_frame_equal(a, b)
    fitted = SMOTE().fit(X, Y)
    a, b = (Balancer(fitted, prefit=True, random_state=0).fit_resample(X, Y)[0] for _ in range(2))
    pd.testing.assert_frame_equal(a, b)
    c = Balancer(fitted, prefit=True, random_state=1).fit_resample(X, Y)[0]
    assert not a.equals(c)


def test_identifiers_are_known_from_the_whole_table_where_rows_are_cut():
    X = frame(id=np.arange(N))
    balancer = Balancer(SMOTE(random_state=0), under=RandomUnderSampler(sampling_strategy=0.5, random_state=0))
    X_new, _ = balancer.fit_resample(X, Y)
    made = X_new["id"][balancer.is_synthetic_]
    assert not set(made) & set(X["id"])
    assert balancer.recipe_["result"]["fresh_identifiers"] == ["id"]


def test_not_a_copy_knows_identifiers_as_the_generator_does(run):
    X = frame(id=np.arange(N)).assign(y=Y)
    X.to_csv("ids.csv", index=False)
    words = ("-t", "y", "-g", "RandomOverSampler", "--gate", "NotACopy", "--holdout", "0.3", "-o", "out.csv")
    assert run("balance", "ids.csv", *words)[0] == 0
    result = json.loads(Path("out.csv.recipe.json").read_text())["result"]
    assert result["refused"]["NotACopy"] > 100
    assert result["rows"]["synthetic"] == 0


@pytest.mark.parametrize(
    ("label", "other"), [("yes", "no"), ("on", "off"), ("010", "8"), ("1e3", "2"), ("12:30", "1:00")]
)
def test_labels_match_by_their_printed_form(run, label, other):
    table = frame().assign(y=np.where(Y == 1, label, other), z="a")
    table.to_parquet("t.parquet")
    assert run("balance", "t.parquet", "-t", "y", "-o", "a.parquet", "--strategy", f"{{{label}: 50}}")[0] == 0
    assert pd.read_parquet("a.parquet")["y"].value_counts()[label] == 50
    Path("job.yaml").write_text(f"data: t.parquet\ntarget: y\nstrategy: {{{label}: 50}}\nout: b.parquet\n")
    assert run("balance", "-c", "job.yaml")[0] == 0


def test_under_takes_labels():
    y = np.where(np.arange(N) < 60, 2, 1)
    balancer = Balancer(SMOTE(random_state=0), under=RandomUnderSampler(sampling_strategy={1: 100}, random_state=0))
    balancer.fit_resample(frame(), y)
    assert np.bincount(y[balancer.kept_]).tolist() == [0, 100, 60]


def test_under_takes_labels_by_their_printed_form(run):
    frame().assign(y=np.where(Y == 1, "bad", "ok")).to_csv("t.csv", index=False)
    job = (
        "data: t.csv\ntarget: y\nout: o.csv\nunder: {name: RandomUnderSampler, params: {sampling_strategy: {ok: 50}}}\n"
    )
    Path("job.yaml").write_text(job)
    assert run("balance", "-c", "job.yaml")[0] == 0
    assert pd.read_csv("o.csv")["y"].value_counts().to_dict() == {"ok": 50, "bad": 50}


def test_rows_that_are_all_alike_count_as_one():
    X = np.vstack([np.tile([1.5, 2.25], (5, 1)), np.random.default_rng(0).normal(size=(50, 2)) * 3])
    with pytest.warns(FewRowsWarning, match="alike"):
        model = SMOTE(4, random_state=0).fit(X, [1] * 5 + [0] * 50)
    made = model.sample(200, y=1)
    assert (made == [1.5, 2.25]).all(axis=1).mean() < 0.05
    assert "alike" in model.few_rows_[1]


def test_only_neighbours_vote():
    X = pd.DataFrame(
        {"c": ["odd"] + ["even"] * 9 + ["even"] * 30, "v": np.r_[np.arange(10) / 10, 5 + np.arange(30) / 7]}
    )
    y = [1] * 10 + [0] * 30
    with warnings.catch_warnings(action="ignore"):
        made = [SMOTE(k_neighbors=k, random_state=0).fit(X, y).sample(300, y=1)["c"] for k in (9, 20, 100_000)]
    assert all((part == "even").all() for part in made)


@pytest.mark.parametrize("pattern", ["{:05d}-A{:03d}", "u{}", "10.0.{}.{}", "{:08x}-{:04x}"])
def test_few_identifiers_are_the_beginning_of_many(pattern):
    draws = np.random.default_rng(3).permutation(10_000)[: 2 * N].reshape(N, 2)
    X = frame(id=[pattern.format(*row) for row in draws])
    model = RandomOverSampler(random_state=0).fit(X, Y)
    assert model.encoder_.identifiers == ["id"]
    many = model.sample(900)["id"]
    assert many.is_unique
    assert not set(many) & set(X["id"])
    assert model.sample(7)["id"].tolist() == many.head(7).tolist()


def test_an_identifier_may_lack_a_cell():
    ids = [f"u-{row:04d}" for row in range(N)]
    ids[3] = None
    made = SMOTE(random_state=0).fit(frame(id=ids), Y).sample(50)["id"]
    assert not set(made) & set(ids)


def test_integer_identifiers_stay_in_their_dtype():
    X = frame(id=np.arange(N, dtype="uint8"))
    model = SMOTE(random_state=0).fit(X, Y)
    assert model.sample(50)["id"].tolist() == list(range(200, 250))
    with pytest.raises(DataError, match="do not fit in uint8"):
        model.sample(100)
    X = frame(id=2**63 - N + np.arange(N))
    made = SMOTE(random_state=0).fit(X, Y).sample(5)["id"]
    assert made.tolist() == [2**63 - N - 5 + row for row in range(5)]


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", "datetime"),
        ("%Y-%m-%d %H:%M:%S+02:00", "datetime"),
        ("%Y%m%dT%H%M%S", "datetime"),
        ("%d.%m.%Y %H:%M:%S", "datetime"),
        ("%H:%M:%S", "category"),
    ],
)
def test_times_as_text_are_no_identifiers(form, kind):
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.random.default_rng(0).permutation(80_000)[:N], unit="s")
    X = frame(at=at.strftime(form))
    model = SMOTE(random_state=0).fit(X, Y)
    assert model.schema_.kinds["at"] == kind
    pd.to_datetime(model.sample(50)["at"], format=form)


@pytest.mark.parametrize("form", ["${:,.2f}", "1,{:03.0f}", "{:.0f}kg", "{:.3f}%", "{:.5f}"])
def test_quantities_as_text_are_no_identifiers(form):
    values = [form.format(value) for value in np.random.default_rng(0).permutation(900)[:N] + 100.125]
    assert Schema.infer(pd.DataFrame({"v": values})).kinds["v"] == "category"


def test_a_stored_index_is_not_learned(run):
    table = frame().assign(y=Y).sample(frac=0.8, random_state=0)
    for name in ("t.parquet", "t.csv"):
        getattr(table, f"to_{name.partition('.')[2]}")(name)
        assert run("balance", name, "-t", "y", "-o", f"out.{name}")[0] == 0
    out = pd.read_csv("out.t.csv")
    assert out["Unnamed: 0"].is_unique
    assert pd.read_parquet("out.t.parquet").index.is_unique


def test_nan_in_polars_is_missing():
    X = pl.DataFrame({"a": [1.5, float("nan"), None, 3.1] * 50, "b": RNG.normal(size=N)})
    made = SMOTE(random_state=0).fit(X, Y).sample(50)
    assert made.schema == X.schema
    assert 0 < made["a"].null_count() < 50


def test_decimals_and_dates_of_python():
    prices = [decimal.Decimal(cents) / 100 for cents in np.random.default_rng(0).integers(100, 9999, N).tolist()]
    made = SMOTE(random_state=0).fit(frame(price=prices), Y).sample(50)["price"]
    assert all(isinstance(price, decimal.Decimal) and -price.as_tuple().exponent == 2 for price in made)
    assert made.between(min(prices), max(prices)).all()
    assert len(set(made) - set(prices)) > 20


def test_a_fitted_generator_must_fit_the_table():
    X = frame(a=RNG.normal(size=N), id=np.arange(N))
    model = SMOTE(random_state=0).fit(X, Y)
    later = X.assign(id=np.arange(N) + N)
    balancer = Balancer(model, prefit=True)
    made = balancer.fit_resample(later, Y)[0]["id"]
    assert made.is_unique
    for other in (X.drop(columns="a"), X.assign(a="text"), pl.from_pandas(X), X.to_numpy()):
        with pytest.raises(ConfigError, match="fitted"):
            Balancer(model, prefit=True).fit_resample(other, Y)


class Plain:
    """A gate of two methods and no more."""

    def fit(self, X, y):
        return self

    def accept(self, X, y):
        return np.ones(len(X), dtype=bool)


class Short(Plain):
    def accept(self, X, y):
        return [True]


def test_gates_are_what_the_protocol_says():
    assert len(Balancer(SMOTE(random_state=0), gates=[Plain(), Plain()]).fit_resample(frame(), Y)[0]) == 360
    with pytest.raises(ConfigError, match="one bool a row"):
        Balancer(SMOTE(random_state=0), gates=[Short()]).fit_resample(frame(), Y)
    for gates in (None, NotACopy()):
        with pytest.raises(ConfigError, match="list of gates"):
            Balancer(SMOTE(), gates=gates).fit_resample(frame(), Y)
    words = pd.DataFrame({"a": list("ppqq"), "b": list("xyxy")})
    assert len(Balancer(SMOTE(), gates=[NotACopy()]).fit_resample(words, [0, 0, 1, 1])[0]) == 4


def test_groups_may_be_an_integer_column_and_strategies_are_checked():
    X = pd.DataFrame({0: ["a", "b"] * 100, 1: RNG.normal(size=N)})
    X_new, y_new = Balancer(SMOTE(random_state=0), groups=0).fit_resample(X, Y)
    assert (pd.crosstab(X_new[0], y_new).nunique(axis=1) == 1).all()
    with pytest.raises(ConfigError, match="sampling_strategy"):
        Balancer(SMOTE(), sampling_strategy=None).fit_resample(X, Y)


@pytest.mark.parametrize(
    "made",
    [SVMSMOTE(out_step="x"), SVMSMOTE(out_step=-1), KMeansSMOTE(clusters=0), KMeansSMOTE(density_exponent="low"),
     SMOTE(random_state=-1), SMOTE(k_neighbors=2.5)],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(made):
    with pytest.raises(ConfigError):
        made.fit(frame(), Y)


def test_a_class_never_vanishes_into_the_holdout(run):
    frame().assign(y=["c"] * 3 + ["a"] * 100 + ["b"] * 97).to_csv("t.csv", index=False)
    assert run("balance", "t.csv", "-t", "y", "--holdout", "0.9", "-o", "o.csv")[0] == 0
    assert "c" in set(pd.read_csv("o.csv")["y"])


@pytest.mark.filterwarnings("ignore::gensynth.errors.RealRowsWarning")
def test_models_of_other_kinds_are_refused_on_the_command_line(run):
    SMOTE(random_state=0).fit(sparse.random_array((N, 5), density=0.5, rng=0, format="csr"), Y).save("thin")
    frame().assign(y=Y).to_csv("t.csv", index=False)
    assert run("sample", "thin", "-n", "3")[0] == 2
    assert run("balance", "t.csv", "-t", "y", "--model", "thin")[0] == 2
    SMOTE(random_state=0).fit(frame(y=np.arange(N) * 1.5), Y).save("named")
    status, out, _ = run("sample", "named", "-n", "3")
    assert status == 0
    assert out.splitlines()[0] == "y,x,y_"


@pytest.mark.filterwarnings("ignore::gensynth.errors.RealRowsWarning")
def test_a_model_file_names_no_code(tmp_path):
    with pytest.raises(FormatError, match="no dtype"):
        Frame.from_dict({"library": "polars", "polars": {"x": {"name": "read_csv", "source": "secret.csv"}}})
    SMOTE(k_neighbors=np.int64(3), random_state=0).fit(frame(), Y).save(tmp_path / "m")
    assert load(tmp_path / "m").k_neighbors == 3
    meta = json.loads((tmp_path / "m" / "model.json").read_text())
    meta["params"]["k_neighbors"] = "x"
    (tmp_path / "m" / "model.json").write_text(json.dumps(meta))
    with pytest.raises(ConfigError, match="k_neighbors"):
        load(tmp_path / "m")
    (tmp_path / "mine").mkdir()
    for name in ("model.json", "precious.txt"):
        (tmp_path / "mine" / name).write_text("{}")
    with pytest.raises(ConfigError, match="other things"):
        SMOTE(random_state=0).fit(frame(), Y).save(tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "precious.txt").exists()


@pytest.mark.filterwarnings("ignore::gensynth.errors.RealRowsWarning")
def test_a_model_whose_parts_do_not_belong_together_is_refused(tmp_path):
    from gensynth.store import read_model, write_model

    SMOTE(random_state=0).fit(frame(), Y).save(tmp_path / "m")
    meta, arrays = read_model(tmp_path / "m")
    spoilt = {
        "codes": ({}, {"state/codes": arrays["state/codes"][:-1]}),
        "counts": ({}, {"labels/counts": -arrays["labels/counts"]}),
        "range": (
            {"encoder": {**meta["encoder"], "columns": [{"kind": "number", "dtype": "float64", "name": "x"}]}},
            {},
        ),
        "dtype": ({"encoder": {**meta["encoder"], "columns": [{**meta["encoder"]["columns"][0], "dtype": []}]}}, {}),
    }
    for name, (other, parts) in spoilt.items():
        write_model(tmp_path / name, {**meta, **other}, {**arrays, **parts})
        with pytest.raises(FormatError):
            load(tmp_path / name)


def test_a_recipe_says_where_its_input_has_changed(run):
    frame().assign(y=Y).to_csv("t.csv", index=False)
    assert run("balance", "t.csv", "-t", "y", "-o", "o.csv")[0] == 0
    assert "is not what it was" not in run("balance", "-c", "o.csv.recipe.json", "--overwrite")[2]
    with Path("t.csv").open("a") as handle:
        handle.write("0.5,1\n")
    status, _, err = run("balance", "-c", "o.csv.recipe.json", "--overwrite")
    assert status == 0
    assert "is not what it was" in err


@pytest.mark.filterwarnings("ignore::gensynth.errors.RealRowsWarning")
def test_arrow_strings_are_saved(tmp_path):
    import pyarrow as pa

    for kind in (pa.string(), pa.large_string()):
        X = frame(s=pd.Series(["a", "b", None, "d"] * 50, dtype=pd.ArrowDtype(kind)))
        model = SMOTE(random_state=0).fit(X, Y)
        model.save(tmp_path / str(kind))
        pd.testing.assert_frame_equal(load(tmp_path / str(kind)).sample(9), model.sample(9))


def test_a_seed_among_the_parameters_counts(run):
    frame().assign(y=Y).to_csv("t.csv", index=False)
    for seed in (1, 1, 2):
        assert (
            run(
                "balance",
                "t.csv",
                "-t",
                "y",
                "-g",
                "SMOTE",
                "-p",
                f"random_state={seed}",
                "-o",
                f"{len(list(Path().iterdir()))}.csv",
            )[0]
            == 0
        )
    made = [path.read_bytes() for path in sorted(Path().glob("[0-9].csv"))]
    assert made[0] == made[1] != made[2]
    with pytest.raises(ConfigError, match="random_state"):
        Balancer(SMOTE(), random_state=-1).fit_resample(frame(), Y)


def test_samples_on_standard_output_are_text(run):
    frame().assign(y=Y).to_parquet("t.parquet")
    assert run("fit", "t.parquet", "-t", "y", "-o", "m")[0] == 0
    status, out, _ = run("sample", "m", "-n", "3", "--y", "1")
    assert status == 0
    assert out.splitlines()[0] == "x,y"
    assert len(out.splitlines()) == 4
