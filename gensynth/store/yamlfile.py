"""YAML as gensynth reads and writes it: keys are texts, numbers are those of YAML 1.2, and nothing is ever run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NoReturn

import yaml

from ..errors import ConfigError, nearest

LARGEST = 16 << 20  # bytes of a file
DEEPEST = 50  # lists and mappings inside one another
MOST = 200_000  # values, those that anchors repeat counted each time
_SPOILT = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError)  # what PyYAML lets through


class _Loader(yaml.SafeLoader):
    """YAML whose keys are the words that stand there: `yes`, `010` and `1e3` are labels, not other values.

    It is no deeper than `DEEPEST` and holds no more than `MOST` values.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth = 0
        self.sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        again = self.check_event(yaml.AliasEvent)
        self.depth += 1
        if self.depth > DEEPEST:
            self._refuse(f"more than {DEEPEST} lists and mappings stand inside one another", self.peek_event())  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        self.depth -= 1
        if again and id(node) not in self.sizes:
            self._refuse("an anchor stands inside itself", node)
        if node is not None and not again:
            self.sizes[id(node)] = self._size(node)
        return node

    def _size(self, node: yaml.Node) -> int:
        """Return how many values a node is once anchors are written out."""
        size = 1
        for part in node.value if isinstance(node, yaml.CollectionNode) else ():
            size += sum(self.sizes[id(each)] for each in (part if isinstance(part, tuple) else (part,)))
        if size > MOST:
            self._refuse(f"it holds more than {MOST:,} values, those that anchors repeat counted each time", node)
        return size

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except _SPOILT as error:
            kind = str(node.tag).rpartition(":")[2]
            raise yaml.constructor.ConstructorError(
                None, None, f"it is no {kind} ({type(error).__name__}: {error!s:.80})", node.start_mark
            ) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse("a key is a list or a mapping, and keys are words", key)
        keys = [str(self.construct_scalar(key)) for key, _ in node.value]
        if len(set(keys)) < len(keys):
            self._refuse("a key stands twice", node)
        return {key: self.construct_object(value, deep=True) for key, (_, value) in zip(keys, node.value, strict=True)}

    def _refuse(self, what: str, where: Any) -> NoReturn:
        raise yaml.constructor.ConstructorError(None, None, what, where.start_mark)


class _Dumper(yaml.SafeDumper):
    """YAML that `_Loader` reads back: texts that it would take for numbers are quoted."""


_FLOAT = re.compile(r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+|[-+]?\.[0-9]+)\Z")  # 1e-3, as in YAML 1.2
for _each in (_Loader, _Dumper):
    _each.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, [*"-+.0123456789"])


def load_yaml(text: str) -> Any:
    """Return plain YAML, keys as text and numbers as in YAML 1.2. Raises: yaml.YAMLError."""
    try:
        return yaml.load(text, Loader=_Loader)
    except (*_SPOILT, RecursionError) as error:
        raise yaml.YAMLError(f"{type(error).__name__}: {error!s:.80}") from None


def dump_yaml(data: Any) -> str:
    """Return plain data as YAML that `load_yaml` reads."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def read_yaml(path: str) -> Any:
    """Return what a file of YAML, or JSON, holds. Raises: ConfigError where there is none, or it is no such thing."""
    try:
        with open(path, "rb") as handle:
            content = handle.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ConfigError(f"{path}: a configuration is at most {LARGEST >> 20} MB, and this is more")
        text = content.decode("utf-8")
    except OSError as error:
        beside = [each.name for each in Path(path).parent.glob("*")] if Path(path).parent.is_dir() else []
        raise ConfigError(f"{path}: {error.strerror or error}{nearest(Path(path).name, beside)}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: a configuration is text in UTF-8, and this is not") from None
    except ValueError as error:  # a name that no file can have
        raise ConfigError(f"{path!r} cannot be the name of a file: {error}") from None
    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not YAML: {getattr(error, 'problem', None) or error}") from None
