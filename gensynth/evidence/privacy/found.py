"""What `privacy` found, and what it means in sentences."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .attack import Attack
from .near import NONE, Copies, Distance, Ends, Near
from .singling import Singling

if TYPE_CHECKING:
    import pandas as pd

DISTANCES = (
    "Distances alone prove nothing: rows far from every training row may still give members away, as an attack shows "
    "(Yao et al. 2025, arXiv:2505.01524)."
)


@dataclass(frozen=True)
class Privacy:
    """What synthetic rows give away; prints as a table and sentences. NaN where there are too few rows.

    Arguments:
        kind: of the rows.
        rows: how many there are (real, synthetic, held), and how many of each were searched (searched_real, ...).
        copies: exact ones, beside those of held-out rows.
        near: within a stated radius of a training row, beside held-out rows.
        distance: to the closest training row, of synthetic and of held-out rows.
        attack: telling members by the ratio of densities.
        singling: rare combinations that recur, beside those of held-out rows.
        singled: the training rows to whom they belong, by place, without their values.
        verdict: sentences.
    """

    kind: str
    rows: dict[str, int]
    copies: Copies
    near: Near
    distance: Distance
    attack: Attack
    singling: Singling
    singled: pd.DataFrame
    verdict: tuple[str, ...]

    @property
    def table(self) -> pd.DataFrame:
        """The figures: value, low and high (95 %), and the baseline."""
        import pandas as pd

        at, far, rare = self.attack, self.distance, self.singling
        figures: list[tuple[str, float, Ends, float]] = [
            ("equal to a training row", self.copies.share, self.copies.interval, self.copies.held_share),
            ("near to a training row", self.near.share, self.near.interval, self.near.held_share),
            ("distance to training, median", far.median, NONE, far.held_median),
            ("distance to training, 5th percentile", far.low, NONE, far.held_low),
            ("nearer to training than to held-out rows", far.nearer, far.nearer_interval, 0.5),
            ("attack: area under the curve", at.auc, at.interval, 0.5),
            ("attack: members found at 1 % false", at.tpr, at.tpr_interval, 0.01),
            ("rare combinations made again", rare.share, NONE, rare.held_share),
            ("rare combinations made again, excess", rare.difference, rare.interval, 0.0),
        ]
        rows = [(value, *ends, usual) for _, value, ends, usual in figures]
        names = pd.Index([name for name, *_ in figures], name="figure")
        return pd.DataFrame(rows, columns=["value", "low", "high", "baseline"], index=names)

    def __str__(self) -> str:
        return "\n".join([self.table.to_string(float_format="{:.4f}".format, na_rep="-"), "", *self.verdict])

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, ready for JSON: NaN is None. Rows singled out are places, not values."""
        import pandas as pd

        parts = {name: getattr(self, name) for name in ("copies", "near", "distance", "attack", "singling")}
        made: dict[str, Any] = {name: _plain(asdict(part)) for name, part in parts.items()}
        records = []
        for parent, names, times, own, many in self.singled.itertuples(index=False):
            numbers = {"times": int(times), "made_of_it": None if own is pd.NA else int(own), "combinations": int(many)}
            records.append({"parent": int(parent), "combination": [str(name) for name in names], **numbers})
        return {
            "kind": self.kind, "rows": dict(self.rows), **made, "singled": records, "verdict": list(self.verdict)
        }  # fmt: skip


def _plain(value: Any) -> Any:
    """Return a value without NaN and without tuples."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def sentences(found: Privacy, few: list[str]) -> tuple[str, ...]:
    """Return what the figures mean; `few` says what could not be told. The last sentence is always of distances."""
    return (*_copied(found), *_attacked(found.attack), *_singled(found), *few, DISTANCES)


def _copied(found: Privacy) -> list[str]:
    copies, far = found.copies, found.distance
    usual = "of held-out rows" if found.rows["held"] else "of training rows to another"
    beside = "of held-out rows" if found.rows["searched_held"] else "of training rows to another"
    made = [
        f"{copies.count:,} of {found.rows['synthetic']:,} synthetic rows ({copies.share:.1%}) equal a training row; "
        f"{copies.held_share:.1%} {usual} do."
    ]
    if np.isfinite(found.near.share):
        made.append(
            f"{found.near.share:.1%} lie within {found.near.radius:.3g} of a training row; "
            f"{found.near.held_share:.1%} {beside} do."
        )
    if np.isfinite(far.nearer):
        low, high = far.nearer_interval
        made.append(
            f"{far.nearer:.0%} are nearer to training than to held-out rows ({low:.0%} to {high:.0%}; ideal 50 %)."
        )
    return made


def _attacked(attack: Attack) -> list[str]:
    if np.isnan(attack.auc):
        return []
    low, high = attack.interval
    area = f"area under the curve {attack.auc:.3f}, {low:.3f} to {high:.3f}"
    if np.isfinite(attack.tpr):
        ends = "{:.1%} to {:.1%}".format(*attack.tpr_interval)
        area += f"; {attack.tpr:.1%} found at 1 % false positives, {ends}"
    if attack.succeeds:
        return [
            f"An attack tells training rows from rows held out ({area}): do not share the synthetic rows as private."
        ]
    return [f"An attack does not tell training rows from rows held out ({area}); a stronger attack may."]


def _singled(found: Privacy) -> list[str]:
    rare, many = found.singling, len(found.singled)
    if np.isnan(rare.difference):
        return (
            [f"{many:,} training rows have a rare combination of values that synthetic rows hold too."] if many else []
        )
    more = "more than" if rare.interval[0] > 0 else "no more than chance beside"
    text = f"{rare.share:.1%} of rare combinations of training rows are made again, {more} {rare.held_share:.1%}"
    return [f"{text} of held-out rows. {many:,} training rows have one that no held-out row has."]
