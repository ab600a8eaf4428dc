"""What `gensynth compare` is asked to do, as a job."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ..errors import ConfigError, nearest
from ..generators import GENERATORS, generator_class
from ..recipe import Asked, Named
from ..recipe.making import as_named


def _listed(value: Any) -> Any:
    """Return names that commas part as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[list[str] | None, BeforeValidator(_listed)]
Methods = Annotated[list[Annotated[Named, BeforeValidator(as_named)]] | None, BeforeValidator(_listed)]
Count = Annotated[int, Field(ge=1)]
Several = Annotated[int, Field(ge=2)]


class Compare(Asked):
    """What is compared, on which folds, and where the answer goes.

    `methods` and `learners` are lists, or names that commas part; a method may have parameters, `{name, params}`. The
    first of `metrics` decides. `folds` is a number, a pair (folds, rounds), or "time". `split_by` is what no fold may
    cut: a column, of folders a regular expression; `groups` a column for whose values figures are told. `report` is a
    page, `out` a file for the table. `size` and `on_bad` are of folders of images, as in `Job`.
    """

    methods: Methods = None
    learners: Names = None
    metrics: Names = None
    folds: Several | Literal["time"] | tuple[Several, Count] | None = None
    split_by: str | None = None
    groups: str | None = None
    report: str | None = None
    size: Count | Annotated[list[Count], Field(max_length=2)] | None = None
    on_bad: Literal["skip", "error"] = "skip"

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.folds == "time" and self.split_by:
            raise ValueError("folds in order of time are not cut by split_by: leave one of them out")
        if self.masks:
            raise ValueError("masks are nothing that learners see here: leave them out")
        return self

    def checked(self) -> Self:
        """Return the job. Raises: ConfigError for a method or metric that there is not, offering the nearest."""
        from ..evidence.compare.arms import CHEAP, COPIES, DEFAULT
        from ..evidence.compare.figures import FIGURES

        for spec in self.methods or []:
            if spec.name in (*CHEAP, DEFAULT):
                if spec.params:
                    raise ConfigError(f"methods: {spec.name} takes no parameters: leave params out")
                continue
            try:
                generator_class(spec.name)
            except ConfigError:
                found = nearest(spec.name, [*CHEAP, DEFAULT, COPIES, *GENERATORS])
                raise ConfigError(f"there is no method {spec.name!r}{found}") from None
        for name in self.metrics or []:
            if name not in FIGURES:
                raise ConfigError(f"there is no metric {name!r}{nearest(name, FIGURES)}")
        return self
