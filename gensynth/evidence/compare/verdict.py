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
from .figures import FIGURES
from .intervals import Interval

if TYPE_CHECKING:
    from .result import Comparison

ALIKE = 0.01  # of the figure that a threshold is moved for: no more than this is no reason for class weights


@dataclass(frozen=True)
class Choice:
    """What is recommended for a learner, by which figure, and how much better it is than nothing."""

    arm: str
    metric: str
    gain: Interval | None


def bound(found: Comparison) -> str:
    """Return the figure of names that thresholds are judged by."""
    named = [name for name in found.metrics if FIGURES[name].of == "names" and name != "accuracy"]
    return named[0] if named else "balanced_accuracy"


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
    name = bound(found)
    many = 2 * len(found.learners)
    named = {arm: found.interval(learner, arm, name, many) for arm in (THRESHOLD, WEIGHTS)}
    able = {arm: each for arm, each in named.items() if each.above}
    if able:
        rank = {arm: each.mean + (ALIKE if arm == THRESHOLD else 0.0) for arm, each in able.items()}
        arm = max(rank, key=lambda one: rank[one])
        return Choice(arm, name, able[arm])
    return Choice(NOTHING, decides, None)


def best_learner(found: Comparison) -> str | None:
    """Return the learner that is best by the deciding figure with what is recommended for it; None without any."""
    values = {learner: found.table[found.decides].get((learner, each.arm), np.nan)
              for learner, each in found.choices.items()}  # fmt: skip
    sign = np.sign(FIGURES[found.decides].best)
    known = {learner: sign * value for learner, value in values.items() if np.isfinite(value)}
    return max(known, key=lambda one: known[one]) if known else None


# Words ---------------------------------------------------------------------------------------------------------------


def words(found: Comparison) -> str:
    """Return the verdict: what to do, why, and what it costs."""
    best = best_learner(found)
    if best is None:
        return "Nothing was finished, so nothing is recommended."
    parts = [_advice(found, best)]
    parts += [_of_learner(found, learner) for learner in found.learners]
    parts += _believed(found, best)
    parts.append(
        f"Always guessing the largest class is right in {found.majority:.1%} of rows: "
        f"an accuracy of {_mean(found, best, NOTHING, 'accuracy'):.1%} is to be read beside that."
    )
    parts += [f"{arm} failed with {learner}: {text}" for (learner, arm), text in found.failed.items()]
    return "\n".join(parts)


def _advice(found: Comparison, learner: str) -> str:
    chosen = found.choices[learner]
    if chosen.arm == NOTHING:
        return "Leave the data alone: nothing that was tried is better with certainty."
    if chosen.arm == THRESHOLD:
        return f"Leave the data alone, and move the threshold{_at(found, learner)} ({learner})."
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
    return f"changes it by {_range(shown)}, which may be nothing"


def _named(found: Comparison, learner: str, arm: str) -> str:
    if arm == THRESHOLD:
        return f"with a threshold{_at(found, learner)} instead"
    return "with class weights instead" if arm == WEIGHTS else arm


def _at(found: Comparison, learner: str) -> str:
    """Return the threshold in words; of more than two classes there is none to name."""
    value = found.table["threshold"].get((learner, THRESHOLD), np.nan)
    return f" of {_number(value)}" if np.isfinite(value) and len(found.counts) == 2 else ""


def _believed(found: Comparison, learner: str) -> list[str]:
    """Return what the recommended method does to the chances."""
    arm = found.choices[learner].arm
    if arm in (NOTHING, THRESHOLD):
        return []
    now, then = (_mean(found, learner, one, "calibration_intercept") for one in (NOTHING, arm))
    if not (np.isfinite(now) and np.isfinite(then)) or abs(then) < abs(now) + 0.1:
        return []
    way = "high" if then < 0 else "low"
    return [f"With it chances are too {way} (calibration intercept {then:+.2f}, with nothing {now:+.2f}): "
            "PriorCorrected repairs them."]  # fmt: skip


def _mean(found: Comparison, learner: str, arm: str, metric: str) -> float:
    return float(found.values(learner, arm, metric).mean())


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
    columns = list(dict.fromkeys([found.decides, *SHOWN, bound(found), "brier", "calibration_intercept"]))
    shown = found.table[[name for name in columns if name in found.table]]
    lines += ["", shown.round(3).to_string(na_rep="-"), ""]
    lines.append(f"gain: against nothing, with intervals that hold together at 95 %; {found.seconds:.0f} s.")
    used = DEFAULT in found.arms
    lines += [f'"{DEFAULT}" is the Balancer that gensynth takes where no generator is named.'] if used else []
    return "\n".join([*lines, *found.notes])
