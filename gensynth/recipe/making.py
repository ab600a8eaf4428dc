"""What a job names, made: generators, policies and their parameters, checked."""

from __future__ import annotations

import inspect
import os
import typing
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ..errors import ConfigError, nearest
from ..generators import generator_class
from ..store.yamlfile import read_yaml
from ..transforms.base import Transform


class Named(BaseModel):
    """Something by its name and its parameters: a generator, a gate, an under-sampler."""

    model_config = ConfigDict(extra="forbid")
    name: str
    params: dict[str, Any] = {}


def as_named(value: Any) -> Any:
    """Return a name alone as that of something without parameters."""
    return {"name": value} if isinstance(value, str) else value


def plain_policy(policy: Any) -> dict[str, Any]:
    """Return a policy as plain data, checked, with nothing left in other files.

    Arguments:
        policy: the name of a transform; its settings as `Transform.to_dict` gives them; a list of such, one after
            another; or a YAML file that holds one of these.

    Raises: ConfigError where there is no such transform, setting or file, offering the nearest.
    """
    where = ""
    if isinstance(policy, str) and (policy.lower().endswith((".yaml", ".yml", ".json")) or os.path.isfile(policy)):
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
        return build_generator(Named.model_validate(as_named(spec)))
    except ValidationError as error:
        raise ConfigError(f"{name}: generator: {sentence(error, Named)}") from None


def sentence(error: ValidationError, model: type[BaseModel]) -> str:
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
