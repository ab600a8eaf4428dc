"""What a search of policies found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...store.atomic import atomic_write
from ...store.yamlfile import dump_yaml
from ...transforms.base import Transform
from ...transforms.compose import Compose
from ...transforms.strength import places
from .verdict import said

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Score:
    """The mean over the classes of the share of rows named rightly, and how much that is above doing nothing.

    Arguments:
        mean: from 0 to 1.
        error: its standard error, over the rows.
        gain: its difference from that of doing nothing, row by row.
        gain_error: the standard error of that.
    """

    mean: float
    error: float
    gain: float
    gain_error: float


@dataclass(frozen=True)
class Searched:
    """The policy that `search_policy` chose, and what it was chosen from.

    Arguments:
        policy: the chosen one; an empty `Compose`, which does nothing, where none was clearly better than that.
        kind: of the data.
        trials: name, policy, splits, score, gain and error of each policy that was tried, the furthest and best first.
        scores: of "nothing", "default" and "chosen", on rows that no choice has seen; empty where it was stopped.
        seconds: that it took.
        notes: what else there is to know.
    """

    policy: Transform
    kind: str
    trials: list[dict[str, Any]]
    scores: dict[str, Score]
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def helps(self) -> bool:
        """Whether there is anything in the policy."""
        return bool(places(self.policy))

    @property
    def table(self) -> pd.DataFrame:
        """The trials as a frame: name, policy in words, splits, score, gain over doing nothing, its standard error."""
        import pandas as pd

        return pd.DataFrame([{**row, "policy": in_words(row["policy"])} for row in self.trials])

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the policy as YAML, which `gensynth transform --policy` and `Transform.from_dict` read.

        Raises: ConfigError where the file is there already.
        """
        with atomic_write(path, overwrite=overwrite) as file:
            file.write(dump_yaml(self.policy.to_dict()).encode())

    def __str__(self) -> str:
        lines = [f"{len(self.trials)} policies in {self.seconds:.0f} s. Chosen: {in_words(self.policy)}"]
        for name, score in self.scores.items():
            by = "" if name == "nothing" else f", {score.gain:+.1%} (± {2 * score.gain_error:.1%}) against nothing"
            lines.append(f"  {name:8} {score.mean:6.1%} of a class named rightly{by}")
        lines += ["On the rows that no choice has seen.", ""] if self.scores else [""]
        for row in self.trials[:10]:
            what = f"{row['name']}: {in_words(row['policy'])}" if row["name"] else in_words(row["policy"])
            lines.append(f"  {row['splits']} splits  {row['score']:6.1%}  {row['gain']:+6.1%}  {what}")
        return "\n".join([*lines, *self.notes]).rstrip()


def in_words(policy: Transform) -> str:
    """Return a policy in a line."""
    if isinstance(policy, Compose):
        parts = [in_words(part) for part in policy.parts]
        if not parts:
            return "nothing"
        inner = (" or " if type(policy) is not Compose else ", then ").join(parts)
        return inner if policy.p == 1 else f"({inner}) at {policy.p:g}"
    return said(policy) if policy.p == 1 else f"{said(policy)} at {policy.p:g}"
