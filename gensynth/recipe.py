"""Recipes: one job as data, and what came of it.

A `Job` is what was asked, in the command line's own words; unknown keys are refused. A recipe file is
`{"job": ..., "result": ...}` beside the output, enough to make the same output again; a configuration file is a job
alone, in YAML. Both are read by `read_job`.
"""

from __future__ import annotations

import inspect
import re
import typing
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
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


class Named(BaseModel):
    """Something by its name and its parameters: a generator, a gate, an under-sampler."""

    model_config = ConfigDict(extra="forbid")
    name: str
    params: dict[str, Any] = {}


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


RECORDED = "(rows that the recipe was made from)"
_EXCLUSIVE = (("generator", "model"), ("holdout", "split"), ("model", "groups"), ("model", "columns"))
Spec = Annotated[Named, BeforeValidator(_named)]


class Job(BaseModel):
    """What `gensynth balance` and `gensynth fit` are asked to do.

    `strategy` is "auto" or another word of imbalanced-learn's, a float, or {label: rows}; labels match by their
    printed form. `columns` names kinds of columns where they must not be guessed ("schema" in files).
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    data: str
    target: str
    out: str | None = None
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
    columns: dict[str, str] = Field({}, alias="schema")
    seed: int = Field(0, ge=0)
    threads: int | None = Field(None, ge=1)

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

    _input: str | None = PrivateAttr(None)  # hash of the rows that a recipe was made from

    def asked(self) -> dict[str, Any]:
        """Return the job as plain data, without what was left at its default."""
        return self.model_dump(by_alias=True, exclude_defaults=True)


def make_job(settings: dict[str, Any], where: str = "") -> Job:
    """Return a checked job. Raises: ConfigError, one sentence, offering the nearest key."""
    settings = dict(settings)
    recorded = settings.pop(RECORDED, None)
    try:
        job = Job.model_validate(settings)
        job._input = recorded
        return job
    except ValidationError as error:
        raise ConfigError(f"{where}{_sentence(error)}") from None


class _Loader(yaml.SafeLoader):
    """YAML whose keys are the words that stand there: `yes`, `010` and `1e3` are labels, not other values."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_scalar(key) if isinstance(key, yaml.ScalarNode) else key for key, _ in node.value]
        if len(set(map(str, keys))) < len(keys):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        return {
            str(key): self.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)
        }


class _Dumper(yaml.SafeDumper):
    """YAML that `_Loader` reads back: texts that it would take for numbers are quoted."""


_FLOAT = re.compile(r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+|[-+]?\.[0-9]+)\Z")  # 1e-3, as in YAML 1.2
for _each in (_Loader, _Dumper):
    _each.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, [*"-+.0123456789"])


def load_yaml(text: str) -> Any:
    """Return plain YAML, keys as text and numbers as in YAML 1.2. Raises: yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)


def dump_yaml(data: Any) -> str:
    """Return plain data as YAML that `load_yaml` reads."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def read_job(path: str, *, repeats: bool = True) -> dict[str, Any]:
    """Return the settings in a configuration file (YAML), or the job in a recipe (JSON).

    Arguments:
        path: the file.
        repeats: whether a training that time ended is to stop where it did, or to be bounded by time as before.

    Raises: ConfigError where there is no such file, or it holds no settings.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        beside = [each.name for each in Path(path).parent.glob("*")] if Path(path).parent.is_dir() else []
        raise ConfigError(f"{path}: {error.strerror or error}{nearest(Path(path).name, beside)}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: a configuration is text in UTF-8, and this is not") from None
    try:
        settings = load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not YAML: {getattr(error, 'problem', None) or error}") from None
    if isinstance(settings, dict) and set(settings) == {"job", "result"}:
        result = settings["result"] or {}
        chosen = result.get("generator")  # what was taken where nothing was named, and with it gates
        taken = {name: result[name] for name in ("generator", "gates", "on_short") if result.get(name)}
        seen = result.get("input") or {}
        settings = settings["job"]
        if isinstance(settings, dict) and isinstance(seen, dict):
            settings = {RECORDED: seen.get("sha256_of_rows"), **settings}
        if isinstance(settings, dict) and chosen and not settings.get("model"):
            settings = {**taken, **settings}
            settings["generator"] = _repeating(settings["generator"], result.get("repeat") if repeats else None)
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
        try:
            done[key] = TypeAdapter(hints.get(key, Any)).validate_python(value)
        except ValidationError as error:
            raise ConfigError(f"{name}: {key}={value!r}: {error.errors()[0]['msg']}") from None
    return done


def _sentence(error: ValidationError) -> str:
    """Return the first complaint of pydantic as one sentence."""
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")  # a typo explains what is missing
    branches = ("function-", "dict[", "constrained-")  # pydantic names the branches of a union
    keys = [str(part) for part in first["loc"] if part not in ("float", "str") and not str(part).startswith(branches)]
    where, kind = ".".join(keys), first["type"]
    if kind == "extra_forbidden":
        known = (
            [each.alias or name for name, each in Job.model_fields.items()] if len(keys) == 1 else ["name", "params"]
        )
        return f"unknown key {where!r}{nearest(keys[-1], known)}"
    if kind == "missing":
        return f"{where} is missing: give --{where}, or `{where}: ...` in the configuration"
    text = first["msg"].removeprefix("Value error, ")
    return f"{where}: {text} (got {first['input']!r:.60})" if where else text
