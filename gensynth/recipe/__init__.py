"""Recipes: one job as data, and what came of it.

A `Job` is what was asked, in the command line's own words; unknown keys are refused. A recipe file is
`{"job": ..., "result": ...}` beside the output, enough to make the same output again; a configuration file is a job
alone, in YAML. Both are read by `read_job`.
"""

from __future__ import annotations

import os
import typing
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from ..errors import ConfigError
from ..store.yamlfile import dump_yaml, load_yaml, read_yaml
from .making import Named, as_named, build_generator, checked_params, overridden, plain_policy, sentence
from .sizes import checked_size

__all__ = [
    "Asked",
    "Change",
    "Job",
    "Named",
    "build_generator",
    "checked_params",
    "dump_yaml",
    "load_yaml",
    "make_job",
    "overridden",
    "plain_policy",
    "read_job",
]

RECORDED = "(rows that the recipe was made from)"
_EXCLUSIVE = (
    ("generator", "model"), ("holdout", "split"), ("model", "groups"), ("model", "columns"), ("reject", "groups"),
    ("size", "masks"),
)  # fmt: skip
_FILES = ("data", "out", "masks", "model", "report", "style", "sheet", "masks_out")
Spec = Annotated[Named, BeforeValidator(as_named)]
Size = Annotated[str, AfterValidator(checked_size)]
Kind = typing.Literal["table", "image", "audio", "text", "series"]


class Asked(BaseModel):
    """What every verb is asked of data.

    `kind` is what the data is; without it a folder's files say, `text` does, and anything else is a table. `text` is
    the column of the texts, `masks` a folder with a mask for each image. `columns` names kinds of columns where they
    must not be guessed ("schema" in files).
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    data: str
    target: str | None = None
    out: str | None = None
    kind: Kind | None = None
    text: str | None = None
    masks: str | None = None
    columns: dict[str, str] = Field({}, alias="schema")
    seed: int = Field(0, ge=0)
    threads: int | None = Field(None, ge=1)

    _input: str | None = PrivateAttr(None)  # hash of what a recipe was made from

    @model_validator(mode="after")
    def _names_of_files(self) -> Self:
        for name in _FILES:
            value = getattr(self, name, None)
            if isinstance(value, str) and not _can_be_a_file(value):
                raise ValueError(f"{name} cannot be the name of a file: {value!r:.60}")
        return self

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.text is not None and self.kind not in (None, "text"):
            raise ValueError(f"text names a column of texts, and kind says {self.kind}: leave one of them out")
        if self.kind == "text" and self.text is None:
            raise ValueError("kind is text: name the column that holds it with --text")
        if self.masks is not None and self.kind not in (None, "image"):
            raise ValueError(f"masks belong to images, and kind says {self.kind}")
        return self

    def asked(self) -> dict[str, Any]:
        """Return the job as plain data, without what was left at its default."""
        return self.model_dump(by_alias=True, exclude_defaults=True)


class Change(Asked):
    """What `gensynth transform` is asked to do: `copies` changed copies of each row, by a policy or in other styles.

    `policy` is as in `plain_policy`; `style` is a folder of images whose styles those of the data are given, and
    `params` are parameters of `StyleTransfer` for it. `originals` writes the rows themselves too; `sheet` is a picture
    of some of them.
    """

    policy: Any = None
    style: str | None = None
    params: dict[str, Any] = {}
    copies: int = Field(1, ge=1)
    masks_out: str | None = None
    sheet: str | None = None
    originals: bool = False

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if self.style is not None and self.policy is not None:
            raise ValueError("policy and style cannot both be given: each says how images are changed")
        if self.params and self.style is None:
            raise ValueError("params are those of StyleTransfer: say whose styles are taken with --style DIR")
        if "styles" in self.params:
            raise ValueError("styles is what --style names: leave the parameter out")
        return self


class Job(Asked):
    """What `gensynth balance` and `gensynth fit` are asked to do.

    `strategy` is "auto" or another word of imbalanced-learn's, a float, or {label: rows}; labels match by their
    printed form. `split_by` is what `holdout` keeps together: a column, of folders a regular expression. `reject` names
    made files, or numbers of made rows, in whose place others are made. `safe_csv` puts an apostrophe before cells,
    real ones too, that a spreadsheet would run as formulas. Of folders: `link` makes hard links of real files, `size`
    is that of images where a generator needs one, `on_bad` says what is done about broken ones. `report` is a page
    about what was made. `memory` is how much may be used (1GB); a larger table is read a part at a time.
    `append` puts files of synthetic rows beside the table, `shuffle` synthetic rows among the real ones; `dask` is the
    address of a cluster, or a number of processes.
    """

    generator: Spec | None = None
    model: str | None = None
    strategy: float | str | dict[str, int] = "auto"
    groups: str | None = None
    under: Spec | None = None
    gates: list[Spec] = []
    on_short: typing.Literal["warn", "fill", "raise"] = "warn"
    holdout: float | None = Field(None, gt=0, lt=1)
    split: str | None = None
    split_by: str | None = None
    mark: str | None = None
    safe_csv: bool = False
    report: str | None = None
    reject: list[str | int] = []
    link: bool = False
    size: Annotated[int, Field(ge=1)] | Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=2)] | None = None
    on_bad: typing.Literal["skip", "error"] = "skip"
    memory: Size | None = None
    append: bool = False
    shuffle: bool = False
    dask: Annotated[str, BeforeValidator(lambda found: str(found) if type(found) is int else found)] | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for first, second in _EXCLUSIVE:
            if getattr(self, first) and getattr(self, second):
                raise ValueError(f"{first} and {second} cannot both be given")
        if self.split_by and not self.holdout:
            raise ValueError("split_by says what is held out together: say how much with --holdout 0.2")
        if self.model and (self.holdout or self.split):
            raise ValueError(
                "a model may have seen the rows held out: balance the training rows alone, in a file of their own"
            )
        return self


A = TypeVar("A", bound=Asked)


def make_job(settings: dict[str, Any], where: str = "", model: type[A] = Job) -> A:  # type: ignore[assignment]
    """Return a checked job. Raises: ConfigError, one sentence, offering the nearest key."""
    settings = dict(settings)
    recorded = settings.pop(RECORDED, None)
    try:
        job = model.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(f"{where}{sentence(error, model)}") from None
    job._input = recorded
    if isinstance(job, Change) and job.policy is not None:
        job.policy = plain_policy(job.policy)
    elif isinstance(job, Job) and job.generator is not None and job.generator.params.get("policy") is not None:
        job.generator.params = {**job.generator.params, "policy": plain_policy(job.generator.params["policy"])}
    return job


def read_job(path: str, *, repeats: bool = True) -> dict[str, Any]:
    """Return the settings in a configuration file (YAML), or the job in a recipe (JSON).

    Arguments:
        path: the file.
        repeats: whether a training that time ended is to stop where it did, or to be bounded by time as before.

    Raises: ConfigError where there is no such file, or it holds no settings.
    """
    settings = read_yaml(path)
    if isinstance(settings, dict) and set(settings) == {"job", "result"}:
        settings = _of_recipe(settings["job"], settings["result"], repeats)
    if not isinstance(settings, dict) or not all(isinstance(key, str) for key in settings):
        raise ConfigError(f"{path}: expected settings as `key: value` lines, such as `target: fraud`")
    if "columns" in settings:
        settings["schema"] = settings.pop("columns")
    return settings


def _can_be_a_file(name: str) -> bool:
    try:
        return b"\0" not in os.fsencode(name)
    except UnicodeError:
        return False


def _of_recipe(job: Any, result: Any, repeats: bool) -> Any:
    """Return the job of a recipe, with what was chosen where it named nothing."""
    if not isinstance(job, dict) or not isinstance(result, dict):
        return job
    chosen = result.get("generator")  # what was taken where nothing was named, and with it gates
    taken = {name: result[name] for name in ("generator", "gates", "on_short") if result.get(name)}
    seen, repeat = result.get("input"), result.get("repeat") if repeats else None
    if isinstance(seen, dict):
        job = {RECORDED: next((seen[name] for name in seen if name.startswith("sha256_of_")), None), **job}
    if result.get("memory"):  # which rows are learned from depends on it
        job = {"memory": result["memory"], **job}
    if chosen and not job.get("model"):
        job = {**taken, **job}
        job["generator"] = _repeating(job["generator"], repeat)
    params = job.get("params") or {}
    if job.get("style") and isinstance(repeat, dict) and isinstance(params, dict):
        job = {**job, "params": {**params, **repeat}}
    if result.get("policy"):  # the default of its kind, where none was named
        job = {"policy": result["policy"], **job}
    return job


def _repeating(spec: Any, repeat: Any) -> Any:
    """Return a generator as a job names it, with the parameters by which a training that time ended repeats."""
    if not isinstance(repeat, dict) or not isinstance(spec, str | dict):
        return spec
    spec = {"name": spec} if isinstance(spec, str) else spec
    params = spec.get("params") or {}
    return {**spec, "params": {**params, **repeat}} if isinstance(params, dict) else spec
