"""Every generator keeps every law, or its exemption is a row with a reason; and the laws see what they are for."""

from __future__ import annotations

import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from instances import INSTANCES, RESOLVED, TRAINED
from sklearn.datasets import load_breast_cancer

from gensynth.checks import DEVIATIONS, LAWS, OTHER_LAWS, TABLE_LAWS, Case, broken, check_generator, deviations_of, grid
from gensynth.checks.compare import difference
from gensynth.checks.containers import tensors
from gensynth.checks.trial import fitted
from gensynth.errors import FewRowsWarning
from gensynth.generators import GENERATORS, all_generators
from gensynth.generators.base import Draw, Generator
from gensynth.generators.copies import RandomOverSampler
from gensynth.generators.smote import SMOTE
from gensynth.generators.smote_family import BorderlineSMOTE
from gensynth.generators.smoten import SMOTEN

BY_NAME = {law.__name__: law for law in LAWS}


def name_of(value):
    return value.__name__ if callable(value) else type(value).__name__


@pytest.mark.parametrize("law", LAWS, ids=name_of)
@pytest.mark.parametrize("generator", INSTANCES, ids=name_of)
def test_generator_keeps(generator, law):
    name = type(generator).__name__
    if name in RESOLVED.get(law.__name__, {}):
        generator = type(generator)(**RESOLVED[law.__name__][name])
    found = broken(law, generator)
    reason = deviations_of(generator).get(law.__name__)
    if reason:
        assert found, f"kept on every table: the deviation is to go ({reason})"
    else:
        assert not found, "\n".join(found)


@pytest.mark.parametrize("law", LAWS, ids=name_of)
def test_a_parameter_may_have_a_deviation_of_its_own(law):
    generator = BorderlineSMOTE(kind="borderline-2")
    tables = [case for case in grid() if case.name in ("mixed", "floats")]
    assert bool(broken(law, generator, tables)) == (law.__name__ in deviations_of(generator))


def test_smoothed_copies_keep_the_laws_on_dense_tables():
    tables = [case for case in grid() if case.name in ("mixed", "integers", "floats", "missing numbers", "datetimes")]
    expected = {
        "names_its_parents": "with shrinkage its rows are not their parents, which `supports` cannot say",
        "makes_others_follow": "the published bandwidth is that of one normal, and throws rows from heap to heap",
    }
    check_generator(RandomOverSampler(shrinkage=1.0), tables=tables, expected=expected)


def big_tables():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({
        "amount": rng.lognormal(3, 1, 2000).round(2), "rate": rng.normal(size=2000), "age": rng.integers(18, 99, 2000),
        "where": rng.choice(["DE", "FR", "NL"], 2000),
        "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**6, 2000), "s"),
        "hole": np.where(rng.random(2000) < 0.4, np.nan, rng.normal(size=2000)),
    })  # fmt: skip
    cancer = load_breast_cancer(return_X_y=True, as_frame=True)
    words = frame[["where"]].assign(
        more=rng.choice([*"abcdefgh"], 2000), kind=pd.Categorical(rng.choice([*"xy"], 2000))
    )
    y = np.where(rng.random(2000) < 0.05, "rare", "common")
    return [Case("2,000 rows", frame, y), Case("breast cancer", *cancer), Case("2,000 rows of words", words, y)]


@pytest.mark.slow
@pytest.mark.parametrize("generator", INSTANCES, ids=name_of)
def test_generator_keeps_the_laws_at_its_usual_size(generator):
    tables = big_tables()
    excused = deviations_of(generator)
    found = [text for law in TABLE_LAWS if law.__name__ not in excused for text in broken(law, generator, tables)]
    assert not found, "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("law", OTHER_LAWS, ids=name_of)
@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_generator_keeps_the_laws_with_what_it_resolves_itself(name, law):
    assert broken(law, all_generators()[name]()) == []


@pytest.mark.slow
@pytest.mark.parametrize("generator", INSTANCES, ids=name_of)
def test_generator_keeps_the_laws_on_tensors(generator):
    found = [text for law in TABLE_LAWS for text in broken(law, generator, [*tensors()])]
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_a_fitted_generator_gives_the_same_rows_in_a_worker():
    made = fitted(SMOTE(), grid()[0].X, grid()[0].y)
    here = made.sample(20)
    for there in joblib.Parallel(n_jobs=2, backend="loky")(joblib.delayed(made.sample)(20) for _ in range(2)):
        assert difference(here, there) == ""


# The test of the test --------------------------------------------------------------------------------------------


def shuffled(made):
    """Return a generator class that learns the labels in another order."""

    class Shuffled(made):
        def fit(self, X, y=None):
            return super().fit(X, np.random.default_rng(0).permutation(y))

    return Shuffled()


@pytest.mark.parametrize("law", ["exact_class", "exact_class_on_real"])
@pytest.mark.parametrize("made", [SMOTE, SMOTEN, RandomOverSampler])
def test_shuffled_labels_break_the_law_of_exact_class(made, law):
    assert broken(BY_NAME[law], shuffled(made))


class Faulty(RandomOverSampler):
    """A generator that keeps the laws that the tests below are about, for its heirs to break one."""


class TooFew(Faulty):
    def sample(self, n=None, **asked):
        made = super().sample(n, **asked)
        rows = made[0] if isinstance(made, tuple) else made
        short = rows[:-1]
        return (short, *made[1:]) if isinstance(made, tuple) else short


class OtherOrder(Faulty):
    def _sample(self, codes, key):
        return super()._sample(codes[::-1], key)

    def sample(self, n=None, **asked):
        made = super().sample(n, **asked)
        return (made[0], made[1][::-1], *made[2:]) if asked.get("return_y") else made


class OtherType(Faulty):
    def sample(self, n=None, **asked):
        made = super().sample(n, **asked)
        rows = made[0] if isinstance(made, tuple) else made
        if isinstance(rows, pd.DataFrame):
            floats = rows.select_dtypes("float64").columns
            rows = rows.astype(dict.fromkeys(floats, "float32"))
        return (rows, *made[1:]) if isinstance(made, tuple) else rows


class KeepsTheIndex(Faulty):
    def sample(self, n=None, **asked):
        made = super().sample(n, **asked)
        rows = made[0] if isinstance(made, tuple) else made
        if isinstance(rows, pd.DataFrame):
            rows.index = rows.index + 7
        return made


class OffTheGrid(Faulty):
    def _sample(self, codes, key):
        draw = super()._sample(codes, key)
        if isinstance(draw.rows, np.ndarray) and getattr(self.encoder_, "schema_", None) is not None:
            for column in self.encoder_.schema_:
                object.__setattr__(column, "step", 1 if getattr(column, "step", None) else None)
            draw.rows[:, self.encoder_.layout_.numbers] += 1
        return draw


class FillsHoles(Faulty):
    def _sample(self, codes, key):
        draw = super()._sample(codes, key)
        if isinstance(draw.rows, np.ndarray):
            draw.rows = np.where(np.isnan(draw.rows), 0, draw.rows)
        return draw


class MakesHoles(Faulty):
    def _sample(self, codes, key):
        draw = super()._sample(codes, key)
        if isinstance(draw.rows, np.ndarray):
            draw.rows[::3] = np.nan
        return draw


class CopiesIdentifiers(Faulty):
    def fit(self, X, y=None):
        self.real_ = X
        return super().fit(X, y)

    def sample(self, n=None, **asked):
        made = super().sample(n, **asked)
        rows = made[0] if isinstance(made, tuple) else made
        if isinstance(rows, pd.DataFrame) and "id" in rows:
            rows["id"] = np.resize(self.real_["id"].to_numpy(), len(rows))
        return made


class WritesToItsInput(Faulty):
    def fit(self, X, y=None):
        super().fit(X, y)
        if isinstance(X, pd.DataFrame) and pd.api.types.is_float_dtype(X.dtypes.iloc[0]):
            X.iloc[0, 0] = 0.0
        return self


class ChangesItsParameters(Faulty):
    def _fit(self, rows, codes, key):
        super()._fit(rows, codes, key)
        self.schema = {}


class TouchesNumPy(Faulty):
    def _sample(self, codes, key):
        np.random.random()  # noqa: NPY002
        return super()._sample(codes, key)


class SetsFilters(Faulty):
    def _fit(self, rows, codes, key):
        super()._fit(rows, codes, key)
        np.seterr(over="ignore")


class ForgetsItsSeed(Faulty):
    def _next_key(self, random_state):
        return int(np.random.SeedSequence().generate_state(1)[0])


class AlwaysTheSame(Faulty):
    def _next_key(self, random_state):
        return 1


class NoPrefix(Faulty):
    def _sample(self, codes, key):
        return super()._sample(codes, key + len(codes))


class Computes(Faulty):
    def __init__(self, *, shrinkage=None, schema=None, random_state=None):
        super().__init__(shrinkage=shrinkage, schema=schema, random_state=random_state)
        self.twice = 2


class LosesRows(Faulty):
    def _restore(self, meta, arrays):
        super()._restore(meta, arrays)
        self.codes_ = self.codes_[::-1]


class SaysNothingOfRealRows(Faulty):
    def save(self, path, *, overwrite=False):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            super().save(path, overwrite=overwrite)


class OtherParents(Faulty):
    def _sample(self, codes, key):
        draw = super()._sample(codes, key)
        return Draw(draw.rows, np.roll(draw.parents, 1, axis=0), draw.weights)


class HalfWeights(Faulty):
    def _sample(self, codes, key):
        draw = super()._sample(codes, key)
        return Draw(draw.rows, draw.parents, draw.weights / 2)


class SilentLadder(SMOTE):
    def _ladder(self, count):
        return None


class WarnsOfNothing(SMOTE):
    def _warn_few(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewRowsWarning)
            super()._warn_few()


class RefusesFewRows(SMOTE):
    def _fit(self, rows, codes, key):
        if np.bincount(codes).min() < 3:
            raise ValueError("too few rows")
        super()._fit(rows, codes, key)


class DeclaresTooLittle(Faulty):
    supports = SMOTEN.supports

    def _check_table(self, rows):
        """Take what is declared not to be taken."""


class TakesAnyData(Faulty):
    def fit(self, X, y=None):
        try:
            return super().fit(X, y)
        except ValueError:
            return self


class IgnoresConditions(Faulty):
    def _given(self, conditions):
        """Let them pass."""
        return {}


class TakesAnyCount(Faulty):
    def _wanted(self, n, y, key, given):
        return super()._wanted(3 if isinstance(n, str | float) or n == -1 else n, y, key, given)


class FirstLabel(Faulty):
    def _wanted(self, n, y, key):
        return super()._wanted(n, y, key) if y is not None or self.labels_.absent else np.zeros(n, dtype=np.intp)


class SamplesUnfitted(Faulty):
    def sample(self, n=None, **asked):
        return super().sample(n, **asked) if hasattr(self, "fitted_") else None


class WritesOverRows(Faulty):
    def _sample_given(self, codes, key, given):
        """Write values over rows that were made without them."""
        draw = self._sample(codes, key)
        draw.rows = np.array(draw.rows)
        draw.rows[:, [*given]] = [*given.values()]
        return draw


WANTED = ["mixed", "floats", "categories", "grid of five", "missing numbers", "identifiers", "sparse csr array"]
SOME = [case for case in grid() if case.name in WANTED]
FAULTS = [
    (TooFew, "gives_the_count_asked"),
    (OtherOrder, "gives_the_labels_asked"),
    (OtherType, "restores_the_container"),
    (KeepsTheIndex, "restores_the_container"),
    (OffTheGrid, "keeps_to_possible_values"),
    (MakesHoles, "keeps_to_possible_values"),
    (FillsHoles, "keeps_missing_values_possible"),
    (CopiesIdentifiers, "gives_fresh_identifiers"),
    (WritesToItsInput, "leaves_input_alone"),
    (ChangesItsParameters, "leaves_input_alone"),
    (TouchesNumPy, "leaves_global_state_alone"),
    (SetsFilters, "leaves_global_state_alone"),
    (ForgetsItsSeed, "same_seed_same_rows"),
    (AlwaysTheSame, "other_seed_other_rows"),
    (NoPrefix, "keeps_its_prefix"),
    (NoPrefix, "keeps_its_prefix_whatever_the_count"),
    (Computes, "is_a_plain_estimator"),
    (LosesRows, "loads_what_it_saved"),
    (SaysNothingOfRealRows, "loads_what_it_saved"),
    (OtherParents, "names_its_parents"),
    (HalfWeights, "names_its_parents"),
    (SilentLadder, "states_its_ladder"),
    (WarnsOfNothing, "states_its_ladder"),
    (RefusesFewRows, "states_its_ladder"),
    (Faulty, "makes_new_rows"),
    (DeclaresTooLittle, "refuses_what_it_does_not_take"),
    (TakesAnyData, "refuses_bad_data"),
    (IgnoresConditions, "keeps_conditions"),
    (WritesOverRows, "makes_others_follow"),
    (TakesAnyCount, "refuses_wrong_requests"),
    (FirstLabel, "draws_labels_at_their_frequency"),
    (SamplesUnfitted, "refuses_before_fit"),
]


@pytest.mark.parametrize(("made", "law"), FAULTS)
def test_a_fault_breaks_its_law(made, law):
    with np.errstate(over="warn"):
        assert broken(BY_NAME[law], made(), SOME)


def test_each_law_is_broken_by_some_fault():
    broken_here = {law for _, law in FAULTS}
    assert broken_here | {"exact_class", "exact_class_on_real"} == {*BY_NAME}


# check_generator -------------------------------------------------------------------------------------------------

FEW = [case for case in grid() if case.name in ("mixed", "floats")]


def test_all_faults_are_listed_with_law_and_table():
    with pytest.raises(AssertionError) as caught:
        check_generator(HalfWeights(), tables=FEW)
    text = str(caught.value)
    assert "names_its_parents: HalfWeights on 'mixed': weights sum to 0.5" in text
    assert "on 'floats'" in text
    assert "makes_new_rows" in text
    assert text.splitlines()[0] == "3 faults of HalfWeights()"


def test_expected_faults_are_let_pass():
    check_generator(HalfWeights(), tables=FEW, expected={"names_its_parents": "halves", "makes_new_rows": "copies"})


def test_an_expected_fault_that_is_none_is_stale():
    reasons = {"makes_new_rows": "it copies", "exact_class": "no reason at all"}
    with pytest.raises(AssertionError, match=r"1 faults .*\nexact_class: kept on every table.*no reason at all"):
        check_generator(Faulty(), expected=reasons)


def test_an_unknown_law_cannot_be_expected():
    with pytest.raises(AssertionError, match="there is no law 'exact_clas'"):
        check_generator(Faulty(), tables=FEW, expected={"exact_clas": "a slip"})


@pytest.mark.parametrize(("who", "what"), DEVIATIONS)
def test_a_deviation_names_what_there_is_and_is_argued(who, what):
    assert who.partition("(")[0] in {*GENERATORS, "Balancer", "*"}
    assert what in BY_NAME or what.startswith("check_")
    assert len(DEVIATIONS[who, what].split()) >= 6


def test_the_grid_is_stable_and_its_names_are_unique():
    assert grid() is grid()
    assert len({case.name for case in grid()}) == len(grid())


def test_every_generator_has_tables_it_takes_and_all_are_taken_by_some():
    assert all(any(case.suits(generator) for case in grid()) for generator in INSTANCES)
    assert all(any(case.suits(generator) for generator in INSTANCES) for case in grid())
    assert issubclass(type(INSTANCES[0]), Generator)
