"""HTML and SVG as values. What is written is escaped here, and nowhere else.

An element has a tag and attributes that this file knows, and parts: elements, or values, which become escaped text.
There is no way to hand over markup, so nothing from the data can become any. Addresses are places in the page, or
pictures that are held in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

VOID = frozenset({"br", "img", "meta"})
TAGS = VOID | frozenset(
    "a article bdi body caption code dd details div dl dt figcaption figure footer g h1 h2 h3 head header html li line "
    "main nav ol p path pre rect section small span strong style sub summary svg table tbody td text th thead title tr "
    "ul circle".split()
)
ATTRIBUTES = frozenset(
    "alt aria-hidden aria-label charset class colspan content cx cy d dir fill height href http-equiv id lang name "
    "open r role rx scope src tabindex text-anchor title viewBox width x y".split()
)
INSIDE = re.compile(r"#[a-z0-9-]+\Z|data:image/png;base64,[A-Za-z0-9+/=]*\Z")
# Characters that show nothing but change what is shown: controls, and orders about the direction of others.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")
LONGEST = 60  # letters of a value from the data


@dataclass(frozen=True)
class Element:
    """One element; `el` makes it, and `str` writes it."""

    tag: str
    attributes: tuple[tuple[str, str], ...]
    parts: tuple[Any, ...]

    def __str__(self) -> str:
        return "".join(self._written())

    def _written(self) -> Iterator[str]:
        yield f"<{self.tag}"
        for name, value in self.attributes:
            yield f' {name}="{_escaped(value)}"'
        yield ">"
        if self.tag in VOID:
            return
        for part in self.parts:
            if isinstance(part, Element):
                yield from part._written()
            else:
                yield _escaped(str(part))
        yield f"</{self.tag}>"


def el(tag: str, *parts: Any, **attributes: Any) -> Element:
    """Return an element.

    Arguments:
        tag: one of `TAGS`.
        parts: elements, lists of parts, and values, which become text; None is left out.
        attributes: of `ATTRIBUTES`; `class_` is class and `text_anchor` is text-anchor. None is left out.

    Raises: ValueError for tags, attributes and addresses that a report does not have.

    >>> str(el("p", "a < b", class_='"'))
    '<p class="&quot;">a &lt; b</p>'
    """
    if tag not in TAGS:
        raise ValueError(f"a report has no <{tag}>")
    if tag == "style" and any("<" in str(part) or "&" in str(part) for part in parts):
        raise ValueError("a style is written as it is: it may hold neither < nor &")
    named = []
    for key, value in attributes.items():
        name = key.rstrip("_").replace("_", "-")
        if name not in ATTRIBUTES:
            raise ValueError(f"a report has no attribute {name!r}")
        if name in ("href", "src") and not INSIDE.match(str(value)):
            raise ValueError(f"a report names nothing outside itself, got {value!r:.60}")
        if value is not None:
            named.append((name, f"{value:.6g}" if isinstance(value, float) else str(value)))
    return Element(tag, tuple(named), tuple(_flat(parts)))


def value(of: Any, most: int = LONGEST) -> Element:
    """Return a value from the data as text that stands by itself whatever its direction, cut where it is long."""
    text = _shown(str(of))
    shown = cut(text, most)
    return el("bdi", shown, title=text[:500] if shown != text else None)


def cut(of: Any, most: int = LONGEST) -> str:
    """Return a value as text of so many letters at most, hidden ones shown."""
    text = _shown(str(of))
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _flat(parts: Any) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, list | tuple):
            yield from _flat(part)
        elif part is not None:
            yield part


def _escaped(text: str) -> str:
    return escape(_shown(text))


def _shown(text: str) -> str:
    """Return text whose hidden characters are named, and whose broken ones are question marks."""
    return HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text.encode("utf-8", "replace").decode())
