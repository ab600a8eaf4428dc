"""What was asked on the command line and in the configuration, as one job."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from ..errors import ConfigError
from ..generators import generator_class
from ..recipe import Asked, Change, Job, dump_yaml, load_yaml, make_job, overridden, read_job
from ..store.manifest import read_marks
from .compare_job import Compare


def gather(config: str | None, **options: Any) -> Job:
    """Return the job of a configuration file with the options over it. Raises: ConfigError."""
    params = pairs(options.pop("param", None), "--param")
    schema = pairs(options.pop("schema", None), "--schema")
    marks, size, watch = (options.pop(name, None) for name in ("reject", "size", "watch"))
    given = {name: value for name, value in options.items() if value is not None and value != []}
    if size is not None:
        given["size"] = _pixels(size)
    same = not {"data", "target", "seed", "generator"} & set(given)  # else there is nothing to repeat
    settings = read_job(config, repeats=same) if config else {}
    if "strategy" in given:
        given["strategy"] = parsed(given["strategy"], "--strategy")
        if isinstance(given["strategy"], dict):
            given["strategy"] = {str(label): n for label, n in given["strategy"].items()}
    if "gates" in given:
        given["gates"] = [gate(word) for word in given["gates"]]
    if "generator" in given:
        settings.pop("model", None)
    elif "model" in given:
        settings.pop("generator", None)
    if isinstance(settings.get("strategy"), dict):
        settings["strategy"] = {str(label): n for label, n in settings["strategy"].items()}
    settings |= given
    if isinstance(settings.get("reject"), str):
        settings["reject"] = read_marks(settings["reject"])
    if marks is not None:
        settings["reject"] = [*(settings.get("reject") or []), *read_marks(marks)]
    if params:
        spec = settings.get("generator")
        if not spec:
            raise ConfigError(f"--param {next(iter(params))}: say whose parameter it is with --generator NAME")
        spec = {"name": spec} if isinstance(spec, str) else dict(spec)
        settings["generator"] = {**spec, "params": overridden(spec.get("params") or {}, params)}
    if watch is not None:
        settings["generator"] = _watched(settings.get("generator"), watch)
    if schema:
        settings["schema"] = {**(settings.get("schema") or {}), **schema}
    return make_job(settings, f"{config}: " if config else "")


def _pixels(size: str) -> Any:
    """Return a size of images as a job has it. Raises: ConfigError."""
    if not re.fullmatch(r"\d+(x\d+)?", size.strip().lower()):
        raise ConfigError(f"--size {size}: give one number of pixels, or HEIGHTxWIDTH, as 32x48")
    return parsed(size if "x" not in size.lower() else f"[{size.lower().replace('x', ',')}]", "--size")


def _watched(spec: Any, folder: str) -> dict[str, Any]:
    """Return a generator as a job names it that draws pictures of its training. Raises: ConfigError for others."""
    spec = {"name": spec} if isinstance(spec, str) else dict(spec or {})
    if spec.get("name") == "Augment" and (spec.get("params") or {}).get("generator"):
        return {**spec, "params": {**spec["params"], "generator": _watched(spec["params"]["generator"], folder)}}
    if not spec or "training" not in generator_class(str(spec["name"]))._get_param_names():
        raise ConfigError("--watch draws how a training goes: name what is trained, as with --generator VAE")
    params = spec.get("params") or {}
    return {**spec, "params": {**params, "training": {**(params.get("training") or {}), "pictures_dir": folder}}}


def gather_change(config: str | None, **options: Any) -> Change:
    """Return what `transform` is asked of a configuration file with the options over it. Raises: ConfigError."""
    params = pairs(options.pop("param", None), "--param")
    schema = pairs(options.pop("schema", None), "--schema")
    given = {name: value for name, value in options.items() if value is not None}
    if given.get("policy", "").lstrip().startswith(("{", "[")):  # else a name, or a file
        given["policy"] = parsed(given["policy"], "--policy")
    settings = read_job(config, repeats=not {"data", "style", "seed"} & set(given)) if config else {}
    if "style" in given:  # in place of what the file says
        settings.pop("policy", None)
    elif "policy" in given:
        settings = {name: value for name, value in settings.items() if name not in ("style", "params")}
    settings |= given
    if params:
        settings["params"] = overridden(settings.get("params") or {}, params)
    if schema:
        settings["schema"] = {**(settings.get("schema") or {}), **schema}
    return make_job(settings, f"{config}: " if config else "", Change)


def gather_compare(config: str | None, **options: Any) -> Compare:
    """Return what `compare` is asked of a configuration file with the options over it. Raises: ConfigError."""
    schema = pairs(options.pop("schema", None), "--schema")
    size, folds = options.pop("size", None), options.pop("folds", None)
    given = {name: value for name, value in options.items() if value is not None and value != []}
    if size is not None:
        given["size"] = _pixels(size)
    if folds is not None:
        given["folds"] = parsed(folds, "--folds")
    settings = (read_job(config) if config else {}) | given
    if schema:
        settings["schema"] = {**(settings.get("schema") or {}), **schema}
    return make_job(settings, f"{config}: " if config else "", Compare).checked()


def pairs(words: list[str] | None, option: str, raw: bool = False) -> dict[str, Any]:
    """Return K=V words as a dict, V read as YAML, or with `raw` as the text that it is. Raises: ConfigError."""
    found = {}
    for word in words or []:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise ConfigError(f"{option} {word}: expected NAME=VALUE")
        found[name] = value if raw else parsed(value, f"{option} {name}")
    return found


def gate(word: str) -> Any:
    """Return what --gate names: NAME, NAME(K=V, ...) with V as in YAML, or a Constraint(condition).

    >>> gate("Constraint(age >= 18)")
    {'name': 'Constraint', 'params': {'expression': 'age >= 18'}}
    >>> gate("Plausible(share=0.02, random_state=3)")
    {'name': 'Plausible', 'params': {'share': 0.02, 'random_state': 3}}
    """
    name, bracket, inside = word.partition("(")
    if not bracket:
        return word
    if not inside.rstrip().endswith(")"):
        raise ConfigError(f"--gate {word}: the bracket is not closed")
    inside = inside.rstrip()[:-1].strip()
    if name.strip() == "Constraint" and not re.match(r"expression\s*=[^=]", inside):
        return {"name": "Constraint", "params": {"expression": inside}}
    if name.strip() == "Constraint":
        return {"name": "Constraint", "params": {"expression": inside.partition("=")[2].strip()}}
    parts = [part.strip() for part in re.split(r",(?![^\[{]*[\]}])", inside) if part.strip()]
    return {"name": name.strip(), "params": pairs(parts, f"--gate {name.strip()}")}


def parsed(text: str, option: str) -> Any:
    """Return a word read as YAML. Raises: ConfigError."""
    try:
        return load_yaml(text)
    except yaml.YAMLError:
        raise ConfigError(f"{option}: {text!r} is not a value that YAML can read") from None


def as_yaml(job: Asked) -> str:
    """Return a job as the YAML that `--config` takes."""
    return dump_yaml(job.asked())


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Hold the numerical libraries to so many threads; None leaves them as they are."""
    if count is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(count):
        yield
