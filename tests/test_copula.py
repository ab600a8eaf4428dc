"""The Gaussian copula: truths that can be computed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from gensynth import GaussianCopula
from gensynth.errors import DataError
from gensynth.generators.margins import Margin, latent

R = np.array([[1, 0.8, 0.5], [0.8, 1, 0.2], [0.5, 0.2, 1]])


@pytest.fixture(scope="module")
def normal():
    return np.random.default_rng(0).multivariate_normal(np.zeros(3), R, size=4000)


def test_the_correlation_of_normals_is_recovered(normal):
    model = GaussianCopula(random_state=0).fit(normal)
    assert np.abs(model.correlations_[0] - R).max() < 0.03
    assert np.abs(np.corrcoef(model.sample(4000).T) - R).max() < 0.05


def test_so_it_is_behind_monotone_functions_and_steps(normal):
    frame = pd.DataFrame(
        {"a": np.exp(normal[:, 0]), "b": normal[:, 1] > 0.6, "c": np.digitize(normal[:, 2], [-1, 0.2])}
    )
    found = GaussianCopula(random_state=0).fit(frame).correlations_[0]
    assert np.abs(np.abs(found) - np.abs(R)).max() < 0.05


def test_tetrachoric_correlation_of_halves_is_the_sine():
    half = Margin.of(np.array([0.0, 1.0]), np.arange(2.0))
    s, hermite = half.scores()[1], np.stack([half.hermite()] * 2)
    for r in (0.2, 0.5, 0.8):
        cov = s**2 * 2 / np.pi * np.arcsin(r)
        assert latent(np.array([[1, cov], [cov, 1]]), hermite)[0, 1] == pytest.approx(r, abs=0.02)


def test_a_tiny_class_takes_the_correlations_of_all_rows(normal):
    X, y = np.vstack([normal, normal[:4] + 9]), np.repeat(["many", "few"], [4000, 4])
    with pytest.warns(UserWarning, match="mostly those of all rows"):
        model = GaussianCopula(random_state=0).fit(X, y)
    few = [*model.classes_].index("few")
    assert model.shrinkage_["few"] > 0.5
    assert np.abs(model.correlations_[few] - R).max() < 0.4
    assert (model.sample(200, y="few") > 4).all()


def test_missing_cells_go_with_other_columns():
    rng = np.random.default_rng(0)
    x = rng.normal(size=3000)
    frame = pd.DataFrame(
        {"x": x, "hole": np.where((x > 0.5) & (rng.random(3000) < 0.9), np.nan, rng.normal(size=3000))}
    )
    made = GaussianCopula(random_state=0).fit(frame).sample(3000)
    assert abs(made["hole"].isna().mean() - frame["hole"].isna().mean()) < 0.03
    assert made.loc[made["hole"].isna(), "x"].mean() > 0.7


@given(cells=st.lists(st.sampled_from([0.0, 1.0, 2.5, 7.0, np.nan]), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_margin_gives_its_values_back_at_their_shares(cells):
    values = np.array(cells)
    held = values[~np.isnan(values)]
    margin = Margin.of(values)
    if not len(held):
        assert not len(margin.values)
        return
    u = (np.arange(4000) + 0.5) / 4000
    made = margin.quantile(u)
    assert held.min() <= made.min()
    assert made.max() <= held.max()
    for value in np.unique(held)[np.unique(held, return_counts=True)[1] > 1]:
        assert (made == value).mean() == pytest.approx((held == value).mean(), abs=0.002)
    assert (margin.scores() ** 2 * (margin.ends - margin.starts)).sum() <= 1 + 1e-9


def test_many_distinct_values_keep_their_ends_and_shared_ones_stay():
    rng = np.random.default_rng(0)
    prices, x = rng.integers(0, 2500, 60_000) + 0.99, rng.normal(size=60_000)
    some = np.where(rng.random(60_000) < 0.3, 0.0, x)
    u = (np.arange(60_000) + 0.5) / 60_000
    made = Margin.of(prices).quantile(u)
    assert np.isin(made, prices).all()
    assert np.abs(np.quantile(made, u) - np.sort(prices)).max() < 10
    margin = Margin.of(some)
    assert (margin.values[0], margin.values[-1]) == (some.min(), some.max())
    made = margin.quantile(u)
    assert (made == 0).mean() == pytest.approx((some == 0).mean(), abs=0.002)
    assert not np.isin(made[made != 0], some).any()
    for p in (1e-4, 1e-3, 0.5, 0.999, 0.9999):  # the tails at their weight
        assert (made <= np.quantile(some, p)).mean() == pytest.approx(
            (some <= np.quantile(some, p)).mean(), rel=0.1, abs=1e-4
        )


def test_the_greatest_of_many_values_can_be_held():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(5000, 2)), columns=[*"ab"])
    made = GaussianCopula(random_state=0).fit(frame).sample(3, conditions={"a": frame["a"].max()})
    assert (made["a"] == frame["a"].max()).all()
    far = frame.assign(y=np.where(frame["a"] > 0, "high", "low"))
    model = GaussianCopula(random_state=0).fit(far[["a", "b"]], far["y"])
    with pytest.raises(DataError, match=r"meets the condition a=-\d"):
        model.sample(3, y="high", conditions={"a": frame["a"].min()})


def test_scores_are_means_of_the_normal_over_steps():
    margin = Margin.of(np.array([0.0, 0.0, 0.0, 1.0]), np.arange(2.0))
    z = ndtri((np.arange(200_000) + 0.5) / 200_000)
    assert margin.scores() == pytest.approx([z[:150_000].mean(), z[150_000:].mean()], abs=1e-3)
    assert ndtr(ndtri(margin.ends[0])) == pytest.approx(0.75)


def test_wide_constant_and_many_levels_are_taken():
    rng = np.random.default_rng(0)
    wide = np.hstack([rng.normal(size=(50, 600)), np.ones((50, 2))])
    assert GaussianCopula(random_state=0).fit(wide).sample(5).shape == (5, 602)
    frame = pd.DataFrame({"w": [f"w{i % 5000}x" for i in range(6000)], "x": rng.normal(size=6000)})
    made = GaussianCopula(random_state=0).fit(frame).sample(300)
    assert made["w"].isin(frame["w"]).all()
