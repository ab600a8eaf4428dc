"""Recipes: one job as data, and what came of it.

A `Job` is what was asked, in the command line's own words; unknown keys are refused. A recipe file is
`{"job": ..., "result": ...}` beside the output, enough to make the same output again; a configuration file is a job
alone, in YAML. Both are read by `read_job`.
"""

from __future__ import annotations

import inspect
import typing
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from .errors import ConfigError, nearest
from .generators import generator_class
from .store.yamlfile import dump_yaml, load_yaml, read_yaml
from .transforms.base import Transform


class Named(BaseModel):
    """Something by its name and its parameters: a generator, a gate, an under-sampler."""

    model_config = ConfigDict(extra="forbid")
    name: str
    params: dict[str, Any] = {}


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


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
    "plain_policy",
    "read_job",
]

RECORDED = "(rows that the recipe was made from)"
_EXCLUSIVE = (
    ("generator", "model"), ("holdout", "split"), ("model", "groups"), ("model", "columns"), ("reject", "groups"),
)  # fmt: skip
Spec = Annotated[Named, BeforeValidator(_named)]
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
    """What `gensynth transform` is asked to do: `copies` changed copies of each row, by a policy.

    `policy` is as in `plain_policy`; `originals` writes the rows themselves too; `sheet` is a picture of some of them.
    """

    policy: Any = None
    copies: int = Field(1, ge=1)
    masks_out: str | None = None
    sheet: str | None = None
    originals: bool = False


class Job(Asked):
    """What `gensynth balance` and `gensynth fit` are asked to do.

    `strategy` is "auto" or another word of imbalanced-learn's, a float, or {label: rows}; labels match by their
    printed form. `reject` names made files, or numbers of made rows, in whose place others are made. Of folders: `link`
    makes hard links of real files, `size` is that of images where a generator needs one, `on_bad` says what is done
    about broken ones.
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
    mark: str | None = None
    reject: list[str | int] = []
    link: bool = False
    size: Annotated[int, Field(ge=1)] | Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=2)] | None = None
    on_bad: typing.Literal["skip", "error"] = "skip"

    @model_validator(mode="after")
    def _agree(self) -> Self:
        for first, second in _EXCLUSIVE:
            if getattr(self, first) and getattr(self, second):
                raise ValueError(f"{first} and {second} cannot both be given")
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
        raise ConfigError(f"{where}{_sentence(error, model)}") from None
    job._input = recorded
    if isinstance(job, Change) and job.policy is not None:
        job.policy = plain_policy(job.policy)
    elif isinstance(job, Job) and job.generator is not None and job.generator.params.get("policy") is not None:
        job.generator.params = {**job.generator.params, "policy": plain_policy(job.generator.params["policy"])}
    return job


def plain_policy(policy: Any) -> dict[str, Any]:
    """Return a policy as plain data, checked, with nothing left in other files.

    Arguments:
        policy: the name of a transform; its settings as `Transform.to_dict` gives them; a list of such, one after
            another; or a YAML file that holds one of these.

    Raises: ConfigError where there is no such transform, setting or file, offering the nearest.
    """
    where = ""
    if isinstance(policy, str) and (policy.lower().endswith((".yaml", ".yml", ".json")) or Path(policy).is_file()):
        where, policy = f"{policy}: ", read_yaml(policy)
        if isinstance(policy, str) and len(policy.split()) > 1:
            raise ConfigError(f"{where}expected a policy, such as `- Flip` lines, and it holds {policy!r:.40}")
    try:
        return Transform.from_dict(_spelled(policy)).to_dict()
    except ConfigError as error:
        raise ConfigError(f"{where}{error}") from None


def _spelled(policy: Any) -> Any:
    """Return names as settings and lists as `Compose`, inside policies too."""
    if isinstance(policy, str):
        return {"name": policy}
    if isinstance(policy, list):
        return {"name": "Compose", "parts": [_spelled(part) for part in policy]}
    if isinstance(policy, dict) and isinstance(policy.get("parts"), list):
        return {**policy, "parts": [_spelled(part) for part in policy["parts"]]}
    return policy


def read_job(path: str, *, repeats: bool = True) -> dict[str, Any]:
    """Return the settings in a configuration file (YAML), or the job in a recipe (JSON).

    Arguments:
        path: the file.
        repeats: whether a training that time ended is to stop where it did, or to be bounded by time as before.

    Raises: ConfigError where there is no such file, or it holds no settings.
    """
    settings = read_yaml(path)
    if isinstance(settings, dict) and set(settings) == {"job", "result"}:
        result = settings["result"] or {}
        chosen = result.get("generator")  # what was taken where nothing was named, and with it gates
        taken = {name: result[name] for name in ("generator", "gates", "on_short") if result.get(name)}
        seen = result.get("input") or {}
        settings = settings["job"]
        if isinstance(settings, dict) and isinstance(seen, dict):
            settings = {RECORDED: seen.get("sha256_of_rows") or seen.get("sha256_of_files"), **settings}
        if isinstance(settings, dict) and chosen and not settings.get("model"):
            settings = {**taken, **settings}
            settings["generator"] = _repeating(settings["generator"], result.get("repeat") if repeats else None)
        if isinstance(settings, dict) and result.get("policy"):  # the default of its kind, where none was named
            settings = {"policy": result["policy"], **settings}
    if not isinstance(settings, dict) or not all(isinstance(key, str) for key in settings):
        raise ConfigError(f"{path}: expected settings as `key: value` lines, such as `target: fraud`")
    if "columns" in settings:
        settings["schema"] = settings.pop("columns")
    return settings


def _repeating(spec: Any, repeat: Any) -> Any:
    """Return a generator as a job names it, with the parameters by which a training that time ended repeats."""
    if not isinstance(repeat, dict) or not isinstance(spec, str | dict):
        return spec
    spec = {"name": spec} if isinstance(spec, str) else spec
    return {**spec, "params": {**(spec.get("params") or {}), **repeat}}


def overridden(params: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    """Return parameters with others over them, of which those that say how long to train lift `stop_after`."""
    held = params.get("training")
    if isinstance(held, dict) and {"steps", "max_time"} & set(by):
        params = {**params, "training": {name: value for name, value in held.items() if name != "stop_after"}}
    return {**params, **by}


def build_generator(spec: Named, *, seed: int | None = None, schema: Any = None, n_jobs: int | None = None) -> Any:
    """Return the generator that a job names.

    Arguments:
        spec: its name and parameters, which are checked against the constructor's own annotations.
        seed: its random_state, unless the parameters name one.
        schema: the columns as they were learned from the whole file, unless the parameters name some.
        n_jobs: threads, where the generator takes them and the parameters do not say.

    Raises: ConfigError for an unknown name or parameter, or a value of the wrong type.
    """
    made = generator_class(spec.name)
    params = checked_params(made, spec.params, spec.name)
    takes = inspect.signature(made).parameters
    for name, value in (("random_state", seed), ("schema", schema), ("n_jobs", n_jobs)):
        if name in takes and params.get(name) is None and value is not None:
            params[name] = value
    missing = [name for name, each in takes.items() if each.default is inspect.Parameter.empty and name not in params]
    if missing or (spec.name == "FromImblearn" and params.get("sampler") is None):
        raise ConfigError(
            f"{spec.name} needs {missing[0] if missing else 'sampler'}: an object, which takes Python (see README)"
        )
    return made(**params)


def checked_params(made: type, params: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the parameters of a class with their values in the annotated types. Raises: ConfigError."""
    takes = {key: each for key, each in inspect.signature(made).parameters.items() if key != "self"}
    try:
        hints = typing.get_type_hints(made.__init__)  # type: ignore[misc]
    except NameError:
        hints = {}
    done = {}
    for key, value in params.items():
        if key not in takes:
            raise ConfigError(f"{name} has no parameter {key!r}{nearest(key, takes)}")
        if key == "policy" and value is not None:  # pydantic would make a mere Transform of settings
            done[key] = Transform.from_dict(plain_policy(value))
            continue
        if key == "generator" and isinstance(value, str | dict):  # one that another one works on top of
            done[key] = _inner(value, name)
            continue
        try:
            done[key] = TypeAdapter(hints.get(key, Any)).validate_python(value)
        except ValidationError as error:
            raise ConfigError(f"{name}: {key}={value!r}: {error.errors()[0]['msg']}") from None
    return done


def _inner(spec: Any, name: str) -> Any:
    """Return the generator that a parameter names. Raises: ConfigError."""
    try:
        return build_generator(Named.model_validate(_named(spec)))
    except ValidationError as error:
        raise ConfigError(f"{name}: generator: {_sentence(error, Named)}") from None


def _sentence(error: ValidationError, model: type[BaseModel]) -> str:
    """Return the first complaint of pydantic as one sentence."""
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")  # a typo explains what is missing
    branches = ("function-", "dict[", "constrained-")  # pydantic names the branches of a union
    keys = [str(part) for part in first["loc"] if part not in ("float", "str") and not str(part).startswith(branches)]
    where, kind = ".".join(keys), first["type"]
    if kind == "extra_forbidden":
        known = (
            [each.alias or name for name, each in model.model_fields.items()] if len(keys) == 1 else ["name", "params"]
        )
        return f"unknown key {where!r}{nearest(keys[-1], known)}"
    if kind == "missing":
        return f"{where} is missing: give --{where}, or `{where}: ...` in the configuration"
    text = first["msg"].removeprefix("Value error, ")
    return f"{where}: {text} (got {first['input']!r:.60})" if where else text
