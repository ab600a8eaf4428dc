"""What was asked on the command line and in the configuration, as one job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from ..errors import ConfigError
from ..recipe import Job, load_yaml, make_job, read_job


def gather(config: str | None, **options: Any) -> Job:
    """Return the job of a configuration file with the options over it. Raises: ConfigError."""
    settings = read_job(config) if config else {}
    params = pairs(options.pop("param", None), "--param")
    schema = pairs(options.pop("schema", None), "--schema")
    given = {name: value for name, value in options.items() if value is not None and value != []}
    if "strategy" in given:
        given["strategy"] = parsed(given["strategy"], "--strategy")
        if isinstance(given["strategy"], dict):
            given["strategy"] = {str(label): n for label, n in given["strategy"].items()}
    if "generator" in given:
        settings.pop("model", None)
    elif "model" in given:
        settings.pop("generator", None)
    if isinstance(settings.get("strategy"), dict):
        settings["strategy"] = {str(label): n for label, n in settings["strategy"].items()}
    settings |= given
    if params:
        spec = settings.get("generator") or "SMOTE"
        spec = {"name": spec} if isinstance(spec, str) else dict(spec)
        settings["generator"] = {**spec, "params": {**(spec.get("params") or {}), **params}}
    if schema:
        settings["schema"] = {**(settings.get("schema") or {}), **schema}
    return make_job(settings, f"{config}: " if config else "")


def pairs(words: list[str] | None, option: str) -> dict[str, Any]:
    """Return K=V words as a dict, V read as YAML. Raises: ConfigError."""
    found = {}
    for word in words or []:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise ConfigError(f"{option} {word}: expected NAME=VALUE")
        found[name] = parsed(value, f"{option} {name}")
    return found


def parsed(text: str, option: str) -> Any:
    """Return a word read as YAML. Raises: ConfigError."""
    try:
        return load_yaml(text)
    except yaml.YAMLError:
        raise ConfigError(f"{option}: {text!r} is not a value that YAML can read") from None


def as_yaml(job: Job) -> str:
    """Return a job as the YAML that `--config` takes."""
    return yaml.safe_dump(job.asked(), sort_keys=False, allow_unicode=True)


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Hold the numerical libraries to so many threads; None leaves them as they are."""
    if count is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(count):
        yield
