"""How the report looks: colours for light, dark and paper, type, tables that scroll in themselves; and its frame."""

from __future__ import annotations

from .element import Element, el

LIGHT = """
  --paper: #faf9f6; --card: #ffffff; --ink: #1c1f24; --soft: #5b616b; --line: #dedbd3; --faint: #efede7;
  --real: #2f6f9f; --real-pale: #b4d0e4; --made: #c4501b; --others: #9aa0a8;
  --good: #1f7a4d; --bad: #b02a37; --mark: #f3e9d2;
"""
DARK = """
  --paper: #14161a; --card: #1b1e24; --ink: #e9e7e2; --soft: #a3a8b2; --line: #363a42; --faint: #23272e;
  --real: #74b3e0; --real-pale: #2f516c; --made: #f5935e; --others: #767c86;
  --good: #63c795; --bad: #f08088; --mark: #3a3322;
"""
FACE = """
* { box-sizing: border-box; }
html { color-scheme: light dark; -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main, header, footer { max-width: 64rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2.2rem; }
.eyebrow { margin: 0; font-size: .8rem; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); }
h1 { margin: .15rem 0 .6rem; font-size: clamp(1.9rem, 1.2rem + 3.4vw, 3.1rem); line-height: 1.1;
  letter-spacing: -.02em; font-weight: 700; text-wrap: balance; }
.lead { margin: 0 0 1rem; font-size: 1.15rem; line-height: 1.45; max-width: 46rem; }
.verdict { margin: 0 0 1.4rem; padding: 0 0 0 1.1rem; max-width: 50rem; }
.verdict li { margin: .4rem 0; padding-left: .2rem; }
.verdict li::marker { color: var(--soft); }
nav { margin: 1.4rem 0 0; padding: .7rem 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line);
  font-size: .92rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.15rem; margin: 0; padding: 0; list-style: none; }
a { color: var(--real); text-decoration-thickness: 1px; text-underline-offset: .2em; }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 2px solid var(--real); outline-offset: 2px; }
section { margin: 2.6rem 0 0; }
h2 { margin: 0 0 .35rem; font-size: 1.45rem; line-height: 1.25; letter-spacing: -.01em; }
h3 { margin: 1.5rem 0 .4rem; font-size: 1.05rem; line-height: 1.35; }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
.note { color: var(--soft); font-size: .92rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: .9rem 1.2rem;
  margin: 1.2rem 0 0; }
.facts dt { color: var(--soft); font-size: .82rem; }
.facts dd { margin: 0; font-size: 1.05rem; font-weight: 600; line-height: 1.35; }
.asked { margin: .6rem 0 0; display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; }
.asked div { display: contents; }
.asked dt, .asked dd { margin: 0; padding: .4rem 0; border-top: 1px solid var(--line); }
.asked dt { color: var(--soft); padding-right: 1.4rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19.5rem), 1fr)); gap: 1rem; }
.grid.two { grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.grid.pair { align-items: end; }
.grid.pair .scroll { margin-bottom: 0; }
.grid.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 14rem), 1fr)); }
figure { margin: 0; padding: .8rem .9rem .7rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; min-width: 0; }
figcaption { font-size: .92rem; line-height: 1.35; margin: 0 0 .4rem; font-weight: 600; }
figcaption small { display: block; font-weight: 400; color: var(--soft); font-size: .84rem; }
svg { display: block; width: 100%; height: auto; max-width: 31rem; margin: 0 auto; overflow: visible; }
.small svg { max-width: 22rem; }
.wide svg { max-width: 52rem; }
svg text { fill: var(--ink); font-size: 12px; }
svg .t { fill: var(--soft); font-size: 11px; }
svg .b { font-weight: 600; }
.axis { stroke: var(--line); stroke-width: 1; fill: none; }
.zero { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
.real { fill: var(--real-pale); stroke: var(--real); stroke-width: 1; }
.real-line { fill: none; stroke: var(--real); stroke-width: 1.6; }
.real-dots { fill: none; stroke: var(--real); stroke-width: 1.3; }
.made { fill: var(--made); }
.made-line { fill: none; stroke: var(--made); stroke-width: 2; }
.made-dots { fill: none; stroke: var(--made); stroke-width: 1.4; }
.others-dots { fill: none; stroke: var(--others); stroke-width: 3; stroke-linecap: round; opacity: .75; }
.ghost { fill: none; stroke: var(--others); stroke-width: 1.5; stroke-dasharray: 5 3; }
.band { fill: var(--faint); }
.good { stroke: var(--good); fill: var(--good); }
.bad { stroke: var(--bad); fill: var(--bad); }
.open { stroke: var(--soft); fill: var(--card); }
.reach { stroke-width: 2; fill: none; }
.dot { stroke-width: 2; }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.3rem; margin: .3rem 0 .8rem; padding: 0; list-style: none;
  font-size: .9rem; color: var(--soft); }
.key li { display: flex; align-items: center; gap: .45rem; }
.key svg { width: 24px; height: 14px; flex: none; margin: 0; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; background: var(--card);
  margin: .6rem 0 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; line-height: 1.35; overflow-wrap: normal; }
.caption { margin: 1.1rem 0 .35rem; color: var(--soft); font-size: .9rem; }
.caption + .scroll { margin-top: 0; }
th, td { padding: .42rem .8rem; text-align: right; border-top: 1px solid var(--faint); white-space: nowrap; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: .83rem; vertical-align: bottom;
  white-space: normal; min-width: 5.2rem; line-height: 1.25; }
th:first-child, .words { text-align: left; }
tbody th { font-weight: 500; position: sticky; left: 0; background: var(--card); white-space: normal;
  min-width: 10rem; max-width: 18rem; overflow-wrap: break-word; }
td.words { white-space: normal; min-width: 14rem; }
tr.head th { position: static; max-width: none; background: var(--faint); font-weight: 600; }
tr.picked th, tr.picked td { background: var(--mark); font-weight: 600; }
details { margin: .8rem 0 0; }
summary { cursor: pointer; color: var(--real); font-weight: 500; padding: .3rem 0; }
.warn { border-left: 3px solid var(--bad); padding: .1rem 0 .1rem .9rem; margin: .6rem 0; }
pre { margin: .6rem 0 0; padding: .9rem 1rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .5rem; font: .82rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap; overflow-wrap: anywhere; }
.pictures { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19.5rem), 1fr)); }
.strip { display: flex; flex-wrap: wrap; gap: .6rem .55rem; }
.strip div { width: 5.6rem; font-size: .78rem; line-height: 1.25; color: var(--soft); }
.strip img { display: block; width: 5.6rem; height: 5.6rem; object-fit: contain; image-rendering: pixelated;
  border: 2px solid var(--line); border-radius: .25rem; background: var(--faint); margin-bottom: .2rem; }
.strip .of-made img { border-color: var(--made); }
.strip .of-real img { border-color: var(--real); border-style: dashed; }
.words-of p { margin: 0 0 .5rem; padding-left: .8rem; border-left: 3px solid var(--line); font-size: .93rem; }
.words-of .of-made { border-color: var(--made); }
.words-of .of-real { border-color: var(--real); border-left-style: dashed; }
.words-of b, .tag { display: block; font-size: .78rem; color: var(--soft); }
footer { margin-top: 3rem; padding-top: 1rem; padding-bottom: 2.5rem; border-top: 1px solid var(--line);
  color: var(--soft); font-size: .86rem; }
@media (max-width: 30rem) {
  section { margin-top: 2.1rem; }
  th, td { padding: .4rem .6rem; }
  thead th { min-width: 3.4rem; }
  tbody th { min-width: 5.4rem; max-width: 11.5rem; }
}
"""
PAPER = """
@page { size: A4; margin: 16mm 14mm; }
@media print {
  html { font-size: 9.5pt; }
  body { background: none; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header { padding-top: 0; }
  nav { display: none; }
  h2, h3, .caption, .key, section > p:has(+ .key) { break-after: avoid; }
  figure, tr, .whole, .facts, .warn, .strip, #counts, #columns, #map, #gates, #asked { break-inside: avoid; }
  summary { break-after: avoid; }
  section { margin-top: 1.6rem; }
  .scroll { overflow: visible; }
  table { font-size: 7.4pt; }
  th, td { padding: .2rem .35rem; }
  thead th { min-width: 0; font-size: 7pt; }
  tbody th { position: static; min-width: 4.5rem; max-width: 9rem; }
  td.words { min-width: 0; }
  .grid { grid-template-columns: repeat(3, 1fr); }
  .grid.two, .grid.pair { grid-template-columns: repeat(2, 1fr); }
  .grid.small { grid-template-columns: repeat(3, 1fr); }
  .pictures { grid-template-columns: repeat(2, 1fr); }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { color: var(--ink); list-style: none; }
  pre { font-size: 7pt; }
}
"""
SAFE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def framed(title: str, head: list[Element], sections: list[tuple[str, Element]], foot: str) -> str:
    """Return the whole page.

    Arguments:
        title: of the window.
        head: what stands first.
        sections: a short name and a section with an id, in order.
        foot: the last line.
    """
    style = f":root {{{LIGHT}}}\n@media screen and (prefers-color-scheme: dark) {{ :root {{{DARK}}} }}\n{FACE}{PAPER}"
    links = [el("li", el("a", name, href=f"#{dict(section.attributes)['id']}")) for name, section in sections]
    page = el(
        "html",
        el(
            "head",
            el("meta", charset="utf-8"),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", http_equiv="Content-Security-Policy", content=SAFE),
            el("title", title),
            el("style", style),
        ),
        el(
            "body",
            el("header", head, el("nav", el("ul", links), aria_label="Sections") if len(links) > 1 else None),
            el("main", [section for _, section in sections]),
            el("footer", foot),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"
