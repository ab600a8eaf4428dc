"""What sections are put together from: headings, tables, figures with captions, keys, lists of facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .element import Element, el, value


def _dot(class_: str) -> list[Element]:
    dot = el("circle", cx=12, cy=7, r=5, class_=f"dot {class_}")
    return [el("path", d="M1 7H23", class_=f"reach {class_}"), dot]


CROSS = [el("path", d="M1 7H23M7 2l10 10m0 -10l-10 10", class_="reach bad")]
KEYS = {
    "real": ("real rows", el("rect", x=2, y=2, width=20, height=10, class_="real")),
    "made": ("made rows", el("path", d="M2 12V4H12V8H22V12", class_="made-line")),
    "made-bar": ("made rows", el("rect", x=2, y=3, width=20, height=8, class_="made")),
    "good": ("better than nothing", _dot("good")),
    "open": ("may be no better", _dot("open")),
    "bad": ("worse than nothing", CROSS),
    "curve": ("this method, with 95 % intervals", el("path", d="M2 11L22 3M12 2V12", class_="made-line")),
    "ghost": ("with nothing", el("path", d="M1 11L23 3", class_="ghost")),
    "diagonal": ("as told", el("path", d="M1 13L23 1", class_="zero")),
    "dots": ("real rows of other classes", el("path", d="M5 8h0M12 5h0M18 9h0", class_="others-dots")),
    "rings": ("real rows of the classes that were made", el("circle", cx=12, cy=7, r=4, class_="real-dots")),
    "crosses": ("made rows", el("path", d="M8 3l8 8m0-8l-8 8", class_="made-dots")),
}


@dataclass(frozen=True)
class Section:
    """A section of the page and its short name."""

    name: str
    element: Element


def section(id_: str, name: str, title: str, *parts: Any) -> Section:
    """Return a section with its heading."""
    return Section(name, el("section", el("h2", title), parts, id=id_))


def said(text: Any) -> Element:
    """Return a paragraph."""
    return el("p", text)


def note(*text: Any) -> Element:
    """Return a small paragraph."""
    return el("p", text, class_="note")


def figure(title: Any, picture: Element, small: Any = None) -> Element:
    """Return a picture below its title."""
    return el("figure", el("figcaption", title, None if small is None else el("small", small)), picture)


def grid(figures: Sequence[Element], class_: str = "grid") -> Element:
    """Return figures side by side, as many as there is room for."""
    return el("div", list(figures), class_=class_)


def key(*names: str | tuple[str, str]) -> Element:
    """Return what shapes stand for; a pair gives a shape other words."""
    items = []
    for name in names:
        shape, text = (name, KEYS[name][0]) if isinstance(name, str) else name
        items.append(el("li", el("svg", KEYS[shape][1], viewBox="0 0 24 14", aria_hidden="true"), text))
    return el("ul", items, class_="key")


def facts(pairs: Sequence[tuple[str, Any]], class_: str = "facts") -> Element:
    """Return names and values, side by side or, with "asked", in lines."""
    return el("dl", [el("div", el("dt", name), el("dd", shown)) for name, shown in pairs], class_=class_)


@dataclass(frozen=True)
class Row:
    """A row of a table: its head, its cells; whether it is picked out; whether it is a heading of those below."""

    head: Any
    cells: Sequence[Any] = ()
    picked: bool = False
    heading: bool = False


def tabled(caption: str, heads: Sequence[Any], rows: Sequence[Row], *, words: Sequence[int] = ()) -> Element:
    """Return a table that scrolls in itself where it is wider than the page.

    Arguments:
        caption: what it shows.
        heads: of all columns.
        rows: below; heads and cells that are no elements are values, which stand by themselves.
        words: places of cells that hold sentences.
    """
    body = []
    for row in rows:
        if row.heading:
            body.append(el("tr", el("th", _own(row.head), scope="rowgroup", colspan=len(heads)), class_="head"))
            continue
        cells = [el("td", _own(cell), class_="words" if at in words else None) for at, cell in enumerate(row.cells)]
        body.append(el("tr", el("th", _own(row.head), scope="row"), cells, class_="picked" if row.picked else None))
    top = el(
        "tr",
        [
            el("th", _own(head), scope="col", class_="words" if at - 1 in words else None)
            for at, head in enumerate(heads)
        ],
    )
    whole = el("table", el("thead", top), el("tbody", body), aria_label=caption)
    scroll = el("div", whole, class_="scroll", role="region", tabindex="0", aria_label=caption)
    return el("div", el("p", caption, class_="caption"), scroll)


def warned(sentences: Sequence[Any]) -> Element | None:
    """Return sentences that must not be missed; None where there are none."""
    return el("div", [el("p", text) for text in sentences], class_="warn") if sentences else None


def _own(part: Any) -> Any:
    return part if isinstance(part, Element | list) else value(part)
