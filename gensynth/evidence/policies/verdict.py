"""What an audit found: counts of rows by where they lie, a verdict for each change, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ...transforms.base import Transform
from ...transforms.strength import places
from .interval import least_growth
from .judge import Codes, Pairs

if TYPE_CHECKING:
    import pandas as pd

LIMIT, SUSPECT, ENOUGH = 0.03, 0.10, 20  # shares of a pair's rows: moves; perhaps. Rows of a class
PLACED = 0.25  # share of the untouched rows of a class, below which nothing is told
MOVES, KEEPS, UNSURE = "moves", "keeps", "cannot tell"


@dataclass(frozen=True)
class Finding:
    """One change at one strength.

    Arguments:
        place: in the policy, see `strength.places`.
        op: its name and settings.
        strength: share of its strength.
        rows: that were changed.
        moved: share of them that lies in another class.
        excess: the same, less that of untouched rows.
        outside: share that lies in no class, less that of untouched rows.
        pair: positions of the class and of the one that it moves into most surely.
        pair_rows: rows of that class.
        pair_moved: share of them that moved there, less that of untouched rows.
        least: lower end of its interval.
        pairs: positions of all such classes of which that is above the limit, the surest first.
        verdict: "moves", "keeps" or "cannot tell".
    """

    place: str
    op: str
    strength: float
    rows: int
    moved: float
    excess: float
    outside: float
    pair: tuple[int, int]
    pair_rows: int
    pair_moved: float
    least: float
    pairs: tuple[tuple[int, int], ...]
    verdict: str


def judged(place: str, op: Transform, strength: float, pairs: Pairs, apart: npt.NDArray[np.int64]) -> Finding:
    """Return the finding of a change, from where rows lie; `apart` (k,) is the number of independent rows."""
    rows, k, n = pairs.counts.sum(axis=1), len(pairs.counts), int(pairs.counts.sum())
    z = NormalDist().inv_cdf(1 - 0.05 / (k * (k - 1)))
    came, left = (counts[:, :-1] * (apart / rows)[:, None] for counts in (pairs.came, pairs.left))
    least = least_growth(came, left, np.broadcast_to(apart[:, None], (k, k)), z)
    grown = pairs.came - pairs.left
    share = grown[:, :-1] / rows[:, None]
    np.fill_diagonal(least, -np.inf)
    np.fill_diagonal(share, -np.inf)
    a, b = np.unravel_index(int(least.argmax()), least.shape)
    if least[a, b] <= 0:  # no pair is certain: that of most rows
        a, b = np.unravel_index(int(share.argmax()), share.shape)
    sure = [(int(at // k), int(at % k)) for at in np.argsort(-least, axis=None) if least.flat[at] > LIMIT]
    moved, excess = (float((counts[:, :-1].sum() - np.trace(counts[:, :-1])) / n) for counts in (pairs.counts, grown))
    verdict = MOVES if least[a, b] > LIMIT else UNSURE if share.max() > SUSPECT else KEEPS
    return Finding(
        place, said(op), strength, n, moved, excess, float(grown[:, -1].sum() / n),
        (int(a), int(b)), int(rows[a]), float(share[a, b]), float(max(least[a, b], 0.0)), tuple(sure), verdict,
    )  # fmt: skip


def said(op: Transform) -> str:
    """Return a transform as it is written, without its chance and its seed."""
    settings = {name: value for name, value in op.to_dict().items() if name not in ("name", "p", "random_state")}
    texts = (f"{name}={_short(value)}" for name, value in settings.items())
    return f"{type(op).__name__}({', '.join(texts)})"[:90]


def _short(value: Any) -> str:
    if isinstance(value, list):
        more = f", {len(value) - 3} more" if len(value) > 4 else ""
        return f"({', '.join(map(_short, value[:3] if more else value))}{more})"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)


@dataclass(frozen=True)
class Audit:
    """What `audit` found.

    Arguments:
        policy: that was looked at.
        classes: labels, in order.
        rows: of each class that were looked at.
        accuracy: mean over the classes of the share of held-out, untouched rows that the judge names rightly.
        accuracy_least: its lower end, two standard errors below (of shares of two rows more that are named rightly and
            two that are not: Agresti and Coull 1998, Amer. Statist. 52, 119).
        placed: mean over the classes of the share of untouched rows that the judge is sure lie in their class.
        unseen: labels of classes of whose rows the judge is sure of next to none, less than a quarter; it does not see
            what moves into them.
        findings: one for each change and strength.
        left_out: labels of classes with too few rows to be cut into folds.
    """

    policy: Transform
    classes: tuple[Any, ...]
    rows: tuple[int, ...]
    accuracy: float
    accuracy_least: float
    placed: float
    findings: tuple[Finding, ...]
    left_out: tuple[Any, ...] = ()
    unseen: tuple[Any, ...] = ()

    @classmethod
    def of(
        cls, policy: Transform, classes: Sequence[Any], codes: Codes, right: npt.NDArray[np.bool_],
        apart: npt.NDArray[np.int64], untouched: Pairs, findings: Sequence[Finding], left_out: Sequence[Any] = (),
    ) -> Self:  # fmt: skip
        """Return the audit of findings; none can be told by a judge hardly better than chance. `apart`: as `judged`."""
        rows = np.bincount(codes)
        each = np.bincount(codes, right) / rows
        about = (each * apart + 2) / (apart + 4)
        error = float(np.sqrt((about * (1 - about) / (apart + 4)).sum()) / len(rows))
        placed = np.diag(untouched.counts) / rows
        made = cls(
            policy, tuple(classes), tuple(rows.tolist()), float(each.mean()), float(each.mean()) - 2 * error,
            float(placed.mean()), tuple(findings), tuple(left_out),
            tuple(label for label, share in zip(classes, placed, strict=True) if share < PLACED),
        )  # fmt: skip
        if made.why_unsure:
            object.__setattr__(made, "findings", tuple(_unsure(finding) for finding in findings))
        return made

    @property
    def why_unsure(self) -> str:
        """Why nothing can be told, "" where something can."""
        k = len(self.classes)
        if max(self.rows) < ENOUGH:
            return f"no class has {ENOUGH} rows"
        if self.accuracy_least <= 1 / k + 0.02:
            return f"the judge names {self.accuracy:.0%} of the rows of a class, and chance {1 / k:.0%}"
        if self.placed < PLACED:
            return f"the judge is sure of the class of only {self.placed:.0%} of the untouched rows of a class"
        return ""

    @property
    def shares(self) -> dict[str, float]:
        """The largest strength of each change that was tried, by place, below the least that moves labels; 0 for none.

        Where nothing can be told, all of it.
        """
        made = {}
        for place in dict.fromkeys(finding.place for finding in self.findings):
            mine = [finding for finding in self.findings if finding.place == place]
            moving = min((finding.strength for finding in mine if finding.verdict == MOVES), default=np.inf)
            made[place] = max((finding.strength for finding in mine if finding.strength < moving), default=0.0)
            if all(finding.verdict == UNSURE for finding in mine):
                made[place] = 1.0
        return made

    @property
    def table(self) -> pd.DataFrame:
        """The findings as a frame, one row for each change and strength."""
        import pandas as pd

        names = ["place", "op", "strength", "rows", "moved", "excess", "outside"]
        named = {name: [getattr(finding, name) for finding in self.findings] for name in names}
        named["pairs"] = [[self._labels(pair) for pair in finding.pairs] for finding in self.findings]
        named["worst_from"] = [self.classes[finding.pair[0]] for finding in self.findings]
        named["worst_to"] = [self.classes[finding.pair[1]] for finding in self.findings]
        rest = {"worst_rows": "pair_rows", "worst_moved": "pair_moved", "worst_least": "least", "verdict": "verdict"}
        for column, name in rest.items():
            named[column] = [getattr(finding, name) for finding in self.findings]
        return pd.DataFrame(named)

    def advice(self, policy: Transform | None = None) -> str:
        """Return what `policy.safe(audit)` does to each change, and why, a line each; None for the audited policy."""
        lines = []
        for place, op in places(self.policy if policy is None else policy).items():
            mine = [finding for finding in self.findings if finding.place == place]
            moving = [finding for finding in mine if finding.verdict == MOVES]
            name = f"{type(op).__name__} ({place})" if place else type(op).__name__
            if not mine:
                lines.append(f"{name}: stays, it was not looked at")
            elif moving:
                share = self.shares[place]
                what = f"{share:g} of its strength" if share > 0 else "left out"
                lines.append(f"{name}: {what}, as at {moving[0].strength:g} {self._pair(moving[0])}")
            elif self.shares[place] < 1:
                lines.append(f"{name}: {self.shares[place]:g} of its strength, as more was not tried")
            elif any(finding.verdict == UNSURE for finding in mine):
                lines.append(f"{name}: stays, and whether it keeps labels cannot be told")
            else:
                lines.append(f"{name}: stays")
        return "\n".join(lines) or "nothing is done, and nothing to be changed"

    def _labels(self, pair: tuple[int, int]) -> tuple[Any, Any]:
        return self.classes[pair[0]], self.classes[pair[1]]

    def _pair(self, finding: Finding) -> str:
        a, b = self._labels(finding.pair)
        return f"{finding.pair_moved:.0%} of {a!s:.30} become {b!s:.30}"

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        made = asdict(self) | {"policy": self.policy.to_dict(), "shares": self.shares, "why_unsure": self.why_unsure}
        made["findings"] = [
            asdict(finding)
            | {"pair": self._plain_labels(finding.pair), "pairs": [*map(self._plain_labels, finding.pairs)]}
            for finding in self.findings
        ]
        for name in ("classes", "left_out", "unseen"):
            made[name] = [_plain(label) for label in made[name]]
        return made | {"rows": list(self.rows)}

    def _plain_labels(self, pair: tuple[int, int]) -> list[Any]:
        return [_plain(label) for label in self._labels(pair)]

    def _shown(self, finding: Finding) -> str:
        """Return the worst pairs in short."""
        shown = [
            " > ".join(f"{label!s:.20}" for label in self._labels(pair)) for pair in finding.pairs or [finding.pair]
        ]
        return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if shown[4:] else "")

    def __str__(self) -> str:
        head = [
            "place",
            "change",
            "strength",
            "moved",
            "outside",
            "of a pair",
            "at least",
            "verdict",
            "pairs, the worst first",
        ]
        body = [
            [
                each.place or "-", each.op, f"{each.strength:g}", f"{each.excess:.1%}", f"{each.outside:.1%}",
                f"{each.pair_moved:.1%}", f"{each.least:.1%}", each.verdict, self._shown(each),
            ]
            for each in self.findings
        ]  # fmt: skip
        wide = [max(len(row[at]) for row in [head, *body]) for at in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip()
            for row in [head, *body]
        ]
        lines.append(f"{sum(self.rows):,} rows; the judge names {self.accuracy:.0%} of the untouched rows of a class.")
        if self.why_unsure:
            lines.append(f"Cannot tell: {self.why_unsure}.")
        elif self.unseen:
            lines.append(
                f"What moves into these is hardly seen: {', '.join(f'{label!s:.20}' for label in self.unseen)}."
            )
        few = [f"{label!s:.20}" for label, n in zip(self.classes, self.rows, strict=True) if n < ENOUGH]
        if few or self.left_out:
            names = ", ".join([*few, *(f"{label!s:.20}" for label in self.left_out)])
            lines.append(f"Of too few rows to be sure of: {names}.")
        return "\n".join(lines)


def _unsure(finding: Finding) -> Finding:
    return replace(finding, verdict=UNSURE)


def _plain(value: Any) -> Any:
    made = value.item() if isinstance(value, np.generic) else value
    return made if isinstance(made, str | int | float) else str(value)
