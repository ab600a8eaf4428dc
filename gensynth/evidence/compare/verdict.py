"""What is recommended, by rules, and what was found, in words.

For each learner, by the figure that decides:

1. A method that makes rows is recommended where its interval against nothing lies above 0, its mean is above those of
   class weights and of the moved threshold, and it is the best of these.
2. Else class weights, where the same holds of them.
3. Else, of the moved threshold and class weights, that with the best balanced accuracy (or the first figure of names
   that was asked for), where its interval against nothing lies above 0; of both, the threshold, unless weights are
   better by more than a hundredth. It costs no chances.
4. Else nothing: the data is left alone.

The intervals of a question hold together at 95 % (see `intervals`): those of all methods and learners, and those of 3.
What is recommended at all is what is recommended for the learner that is best by the deciding figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .arms import CHEAP, DEFAULT, NOTHING, THRESHOLD, WEIGHTS
from .figures import FIGURES, bound_of
from .intervals import Interval
from .within import GAP

if TYPE_CHECKING:
    from .result import Comparison

OFF = 0.3  # a calibration intercept from which on chances are called wrong
WIDE = 0.03  # a mean gain from which on an interval that holds 0 is called too wide
ALIKE = 0.01  # of the figure that a threshold is moved for: no more than this is no reason for class weights


@dataclass(frozen=True)
class Choice:
    """What is recommended for a learner, by which figure, and how much better it is than nothing."""

    arm: str
    metric: str
    gain: Interval | None


def choice(found: Comparison, learner: str) -> Choice:
    """Return what is recommended for a learner."""
    decides = found.decides
    gains = {arm: found.interval(learner, arm, decides) for arm in found.arms if arm != NOTHING}
    known = {arm: each for arm, each in gains.items() if np.isfinite(each.mean)}
    if known:
        best = max(known, key=lambda arm: (known[arm].mean, arm in CHEAP))
        better = [arm for arm, each in known.items() if each.above]
        if best in better:
            return Choice(best, decides, known[best])
        if better:  # some of a smaller mean and a narrower interval
            arm = max(better, key=lambda one: known[one].mean)
            cheap = [one for one in (THRESHOLD, WEIGHTS) if one in known]
            if arm in CHEAP or all(known[arm].mean > known[one].mean for one in cheap):
                return Choice(arm, decides, known[arm])
    name = bound_of(found.metrics)
    many = 2 * len(found.learners)
    named = {arm: found.interval(learner, arm, name, many) for arm in (THRESHOLD, WEIGHTS)}
    able = {arm: each for arm, each in named.items() if each.above}
    if able:
        rank = {arm: each.mean + (ALIKE if arm == THRESHOLD else 0.0) for arm, each in able.items()}
        arm = max(rank, key=lambda one: rank[one])
        return Choice(arm, name, able[arm])
    return Choice(NOTHING, decides, None)


def best_learner(found: Comparison) -> str | None:
    """Return the learner that is best, with what is recommended for it, by the deciding figure; None without any.

    Where no learner has that figure, as of learners that only name rows, the first figure of names decides.
    """
    for metric in (found.decides, bound_of(found.metrics)):
        sign = np.sign(FIGURES[metric].best)
        values = {learner: sign * _mean(found, learner, each.arm, metric) for learner, each in found.choices.items()}
        known = {learner: value for learner, value in values.items() if np.isfinite(value)}
        if known:
            return max(known, key=lambda one: known[one])
    return None


# Words ---------------------------------------------------------------------------------------------------------------


def words(found: Comparison) -> str:
    """Return the verdict: what to do, why, and what it costs."""
    best, failed = best_learner(found), _failures(found)
    if best is None:
        what = FIGURES[found.decides].words
        return "\n".join([f"Nothing is recommended: {what} is not known of any learner without made rows.", *failed])
    parts = [_advice(found, best)]
    parts += [_of_learner(found, learner) for learner in found.learners]
    parts += _believed(found, best)
    parts.append(
        f"Always guessing the largest class is right in {found.majority:.1%} of the rows asked: "
        f"an accuracy of {_mean(found, best, NOTHING, 'accuracy'):.1%} is to be read beside that."
    )
    return "\n".join([*parts, *failed])


def _failures(found: Comparison) -> list[str]:
    """Return what failed, and what a learner cannot do, in lines."""
    able = {text for text in found.failed.values() if "takes no class weights" in text or "gives no chances" in text}
    return [f"{arm} is left out: {text}." if text in able else f"{arm} failed with {learner}: {text}"
            for (learner, arm), text in found.failed.items()]  # fmt: skip


def _advice(found: Comparison, learner: str) -> str:
    chosen = found.choices[learner]
    if chosen.arm == NOTHING:
        return "Leave the data alone: nothing that was tried is better with certainty."
    if chosen.arm == THRESHOLD:
        return f"Leave the data alone, and move the threshold{_at(found, learner, 'to')} ({learner})."
    if chosen.arm == WEIGHTS:
        return f"Make no rows: give the classes equal weight ({learner})."
    return f"Take {chosen.arm} ({learner})."


def _of_learner(found: Comparison, learner: str) -> str:
    """Return what was found with a learner."""
    chosen, decides = found.choices[learner], FIGURES[found.decides].words
    text = f"{learner}: {decides} is {_number(found.table[found.decides].get((learner, NOTHING), np.nan))} with nothing"
    made = {arm: found.interval(learner, arm, found.decides) for arm in found.arms if arm not in CHEAP}
    known = {arm: each for arm, each in made.items() if np.isfinite(each.mean)}
    if chosen.gain is not None and chosen.arm not in CHEAP:
        return f"{text}; {chosen.arm} {_changes(found.decides, chosen.gain)}."
    if known:
        best = max(known, key=lambda arm: known[arm].mean)
        text += f"; {best}, the best of what makes rows, {_changes(found.decides, known[best])}"
    if chosen.gain is not None:
        named = _named(found, learner, chosen.arm)
        text += f". {named[0].upper()}{named[1:]}: {FIGURES[chosen.metric].words} "
        text += f"{'rises' if FIGURES[chosen.metric].best > 0 else 'falls'} by {_range(chosen.gain)}"
    return f"{text}."


def _changes(metric: str, gain: Interval) -> str:
    """Return how a figure changes, in words: the gain is above 0 where it is the better."""
    up = FIGURES[metric].best > 0
    if gain.above or gain.below:
        verb = "raises" if gain.above == up else "lowers"
        size = gain if gain.above else Interval(-gain.mean, -gain.high, -gain.low)
        return f"{verb} it by {_range(size)}"
    shown = gain if up else Interval(-gain.mean, -gain.high, -gain.low)
    more = ": more rows or folds may tell" if gain.mean >= WIDE else ""
    return f"changes it by {_range(shown)}, which may be nothing{more}"


def _named(found: Comparison, learner: str, arm: str) -> str:
    if arm == THRESHOLD:
        return f"with a threshold{_at(found, learner)} instead"
    return "with class weights instead" if arm == WEIGHTS else arm


def _at(found: Comparison, learner: str, word: str = "of") -> str:
    """Return the threshold in words; of more than two classes there is none to name."""
    value = found.table["threshold"].get((learner, THRESHOLD), np.nan)
    return f" {word} {_number(value)}" if np.isfinite(value) and len(found.counts) == 2 else ""


def _believed(found: Comparison, learner: str) -> list[str]:
    """Return what the recommended method does to the chances."""
    arm = found.choices[learner].arm
    if arm in (NOTHING, THRESHOLD):
        return []
    now, then = (_mean(found, learner, one, "calibration_intercept") for one in (NOTHING, arm))
    if not np.isfinite(then) or abs(then) < OFF:
        return []
    way = "high" if then < 0 else "low"
    return [f"With it chances are too {way} (calibration intercept {then:+.2f}, with nothing {now:+.2f}): "
            "PriorCorrected repairs them."]  # fmt: skip


def _mean(found: Comparison, learner: str, arm: str, metric: str) -> float:
    return np.nan if (learner, arm) in found.failed else float(found.values(learner, arm, metric).mean())


def _number(value: float) -> str:
    """Return a number of three decimals as figures of shares are written: .812."""
    if not np.isfinite(value):
        return "not known"
    text = f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _range(interval: Interval) -> str:
    if not np.isfinite(interval.low):
        return f"{_number(interval.mean)} (too few folds for an interval)"
    return f"{_number(interval.mean)} ({_number(interval.low)} to {_number(interval.high)})"


SHOWN = ("gain", "low", "high")


def printed(found: Comparison) -> str:
    """Return the verdict and the table as text."""
    counts = ", ".join(f"{label!s:.30}: {n:,}" for label, n in list(found.counts.items())[:10])
    lines = [found.verdict, "", f"Rows: {counts}; the rare class is {found.rare!s:.30}."]
    columns = list(dict.fromkeys([found.decides, *SHOWN, bound_of(found.metrics), "brier", "calibration_intercept"]))
    shown = found.table[[name for name in columns if name in found.table]]
    lines += ["", shown.round(3).to_string(na_rep="-"), ""]
    lines += _of_groups(found)
    folds = found.folds["fold"].nunique()
    lines.append(
        f"gain: against nothing, with intervals that hold together at 95 %; {folds} folds, {found.seconds:.0f} s."
    )
    used = DEFAULT in found.arms
    lines += [f'"{DEFAULT}" is the Balancer that gensynth takes where no generator is named.'] if used else []
    return "\n".join([*lines, *found.notes])


def _of_groups(found: Comparison) -> list[str]:
    """Return the largest gaps between groups as a table, where there are groups."""
    if found.groups is None or not len(found.groups):
        return []
    gaps = found.groups[found.groups["group"] == GAP].drop(columns=["group", "rows"]).set_index(["learner", "method"])
    return ["Largest gaps between groups (all figures in .groups):", "", gaps.round(3).to_string(na_rep="-"), ""]
