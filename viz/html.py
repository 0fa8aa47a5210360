"""`page`: one HTML file that shows pictures and texts and needs nothing else, no network either."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .diagram import Diagram
from .files import write_whole
from .picture import Picture


@dataclass(frozen=True)
class Section:
    """A heading, a sentence or two, and a picture, a text to show as it is, or an element that a notebook displays.

    ``element`` is anything with ``_repr_html_``, as notebooks have it, such as a report of `check_gradients`.
    """

    heading: str
    text: str = ""
    picture: Diagram | Picture | None = None
    report: str | None = None
    element: Any = None


_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --quiet: #4a4a4a; --paper: #ffffff;
  --panel: #f6f7f9; --line: #d9dde3; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --quiet: #b9bec6; --paper: #14161a; --panel: #1e2127; --line: #363b44; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0.5rem 0 0.2rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 0.3rem; }
p { margin: 0.3rem 0 0.8rem; color: var(--quiet); max-width: 46rem; }
figure { margin: 0; padding: 0.8rem; overflow-x: auto; background: #ffffff; border: 1px solid var(--line);
  border-radius: 0.6rem; }
figure svg { display: block; margin: 0 auto; max-width: 100%; height: auto; }
pre { margin: 0; padding: 0.9rem 1rem; overflow-x: auto; background: var(--panel); border: 1px solid var(--line);
  border-radius: 0.6rem; font: 0.9rem/1.5 ui-monospace, monospace; }
@media (max-width: 40rem) { body { padding: 0.9rem; } figure svg { max-width: none; min-width: 34rem; width: 100%; } }
"""


def page(path: str | os.PathLike[str], title: str, sections: Sequence[Section], *, lead: str = "") -> Path:
    """Write the page whole, and give its path.

    Raises FileNotFoundError if the folder is missing, `LayoutError` if a diagram can't be laid out.

    Examples
    --------
    >>> import tempfile, viz
    >>> file = viz.page(tempfile.mkdtemp() + "/index.html", "Results", [viz.Section("Text", report="1 < 2")])
    >>> "1 &lt; 2" in file.read_text()
    True
    """
    body = [f"<h1>{html.escape(title)}</h1>"]
    if lead:
        body.append(f"<p>{html.escape(lead)}</p>")
    for number, section in enumerate(sections):
        body.append(f"<section>\n<h2>{html.escape(section.heading)}</h2>")
        if section.text:
            body.append(f"<p>{html.escape(section.text)}</p>")
        if section.picture is not None:
            body.append(f"<figure>{_inline(section.picture.svg(), section.heading, number)}</figure>")
        if section.report is not None:
            body.append(f"<pre>{html.escape(section.report)}</pre>")
        if section.element is not None:
            body.append(section.element._repr_html_())
        body.append("</section>")
    document = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n" + "\n".join(body)
    )
    return write_whole(path, (document + "\n</body>\n</html>\n").encode())


def _inline(svg: str, heading: str, number: int) -> str:
    """An SVG document as an element of the page: no prolog, ids of its own, and a name for screen readers."""
    svg = svg[svg.index("<svg") :]
    prefix = f"s{number}-"
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}", svg)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{html.escape(heading, quote=True)}" ', 1)
