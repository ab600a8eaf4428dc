"""YAML as gensynth reads and writes it: keys are texts, numbers are those of YAML 1.2, and nothing is ever run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError, nearest


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


def read_yaml(path: str) -> Any:
    """Return what a file of YAML, or JSON, holds. Raises: ConfigError where there is none, or it is no such thing."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        beside = [each.name for each in Path(path).parent.glob("*")] if Path(path).parent.is_dir() else []
        raise ConfigError(f"{path}: {error.strerror or error}{nearest(Path(path).name, beside)}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: a configuration is text in UTF-8, and this is not") from None
    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not YAML: {getattr(error, 'problem', None) or error}") from None
