"""Where the results of a table go that is read a part at a time: a file, a folder, or files beside those there are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError
from ..recipe import Job
from ..store.atomic import check_output
from ..store.elsewhere import inside, is_elsewhere, is_folder_at, place, same, whole_name
from ..store.folders import check_folder_output
from ..store.sources import PARQUET, TEXT, suffix_of
from ..store.streams import Stream, made_before


@dataclass(frozen=True)
class Outputs:
    """Where things go.

    Arguments:
        table: the file or the folder of the balanced table; with `append` the one that is added to.
        recipe: the file of the recipe.
        append: whether files of synthetic rows are put beside the table, which stays as it is.
        before: what the names of these begin with.
    """

    table: Path
    recipe: Path
    append: bool
    before: str = ""

    @classmethod
    def of(cls, job: Job, stream: Stream) -> Outputs:
        """Return the names for a job; without `out`, NAME.balanced.EXT beside the input. Raises: ConfigError."""
        path = place(job.data)
        path = path if path.name not in ("", "..") else place(whole_name(job.data))
        stem, dot, ending = path.name.partition(".")
        if job.append:
            if job.out is not None:
                raise ConfigError("--append puts files beside those that are there: leave -o out")
            table = path if stream.is_folder else path.parent
            return cls(
                table, path.with_name(f"{path.name}.recipe.json"), True, "" if stream.is_folder else _bare(path.name)
            )
        table = place(job.out) if job.out else path.with_name(f"{stem}.balanced{dot}{ending}")
        if str(table) == "-":
            raise ConfigError("a table that is read a part at a time is written to a file: name one with -o")
        if stream.is_folder and suffix_of(table) in (*PARQUET, *TEXT):
            raise ConfigError(f"{job.data} is a folder, and so is the output: name a folder with -o")
        if not stream.is_folder and suffix_of(table) != suffix_of(path):
            raise ConfigError(
                f"{table}: a table that is read a part at a time is written as it is read: let its name end in "
                f"{dot}{ending}"
            )
        return cls(table, table.with_name(f"{table.name}.recipe.json"), False)

    @property
    def name(self) -> str:
        """What the recipe is named after."""
        return str(self.recipe).removesuffix(".recipe.json")

    def check(self, job: Job, overwrite: bool, own: bool = False) -> None:
        """Refuse outputs that exist, unless they are known to be `own`, or that cannot be written, before any work.

        Raises: ConfigError.
        """
        check_output(self.recipe, overwrite)
        if self.append:
            found = made_before(self.table, self.before)
            if found and not overwrite:
                raise ConfigError(f"{found[0]} and {len(found) - 1} more are there: --overwrite makes them anew")
            if not is_elsewhere(self.table) and not os.access(self.table, os.W_OK):
                raise ConfigError(f"{self.table} cannot be written")
            return
        if same(self.table, job.data):
            raise ConfigError(f"{self.table} is the input, which is never replaced: name another output with -o")
        if is_folder_at(job.data):
            made = made_before(place(job.data))
            if made:
                raise ConfigError(
                    f"{made[0]} and {len(made) - 1} more hold synthetic rows: balance the table without them"
                )
            self._check_folder(job, overwrite, own)
        else:
            if is_folder_at(self.table):
                raise ConfigError(f"{self.table} is a folder: name a file")
            check_output(self.table, overwrite)

    def _check_folder(self, job: Job, overwrite: bool, own: bool) -> None:
        if inside(self.table, job.data):  # of two names of one place, too
            raise ConfigError(f"{self.table} lies inside the input {job.data}: name a folder outside it with -o")
        if not is_elsewhere(self.table):
            inputs = [] if is_elsewhere(job.data) else [job.data]
            check_folder_output(str(self.table), inputs, overwrite, own or self.recipe.is_file())
        elif self.table.exists():
            raise ConfigError(f"{self.table} exists: delete it first, or name another with -o")

    def __str__(self) -> str:
        if not self.append:
            return str(self.table)
        return str(self.table / f"{self.before}{'.' if self.before else ''}synthetic-*")


def _bare(name: str) -> str:
    """Return the name of a file without what says its format.

    >>> _bare("sales.2023.csv.gz")
    'sales.2023'
    """
    return name.removesuffix(".gz").removesuffix(Path(name.removesuffix(".gz")).suffix)
