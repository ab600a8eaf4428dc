"""Pages of reports, read as a browser reads them, and values that try to break out of one."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"br", "img", "meta"}
SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror="document.title=1">'
STYLE = "</style><style>body{display:none}</style>"
RIGHT = "\u202egnirts\u202c \u200f\u0634\u0643\u0631\u0627"
EMOJI = "👩🏽‍🔬 ütf"
LONG = "n" * 500
BROKEN = "nul\x00 lone\ud800 ]]> --> <!-- &lt; &#60;"
HOSTILE = [SCRIPT, IMAGE, STYLE, RIGHT, EMOJI, LONG, BROKEN]


class Page(HTMLParser):
    """A page that was read: tags, attributes, text; whether all that was opened was closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.comments: list[str] = []
        self.inside: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.inside.append(tag)

    def handle_startendtag(self, tag, attrs):
        raise AssertionError(f"<{tag}/> is no HTML")

    def handle_endtag(self, tag):
        assert self.inside, f"</{tag}> without a beginning"
        assert self.inside.pop() == tag

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


def checked(text: str) -> Page:
    """Return a page after looking at all that must hold of any."""
    page = Page(text)
    assert page.inside == []
    assert page.comments == []
    assert text.startswith("<!doctype html>")
    assert not {"script", "iframe", "link", "object", "embed", "form", "base"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for tag, name, value in page.attributes:
        if name in ("href", "src", "action", "data", "poster"):
            assert (tag, value[1:] in ids) == ("a", True) or value.startswith("data:image/png;base64,")
    assert [tag for tag in page.tags if tag == "style"] == ["style"]
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    named = [(tag, name) for tag, name, value in page.attributes if value]
    assert named.count(("svg", "aria-label")) + named.count(("svg", "aria-hidden")) == page.tags.count("svg")
    assert named.count(("img", "alt")) == page.tags.count("img")
    places = [value for tag, name, value in page.attributes if name in ("d", "x", "y", "width", "cx", "cy")]
    assert not any("nan" in value or "inf" in value for value in places)
    return page
