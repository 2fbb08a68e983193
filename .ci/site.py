"""Check the built site: links, pictures, and one page per public name.

    python .ci/site.py docs/_build/html/dev

Every relative link and picture must lead to a file of the site, and every fragment to
an anchor of that file. Every name that a public package lists in ``__all__`` must be
described on exactly one page.
"""

import sys
import zlib
from collections import defaultdict
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

from docstrings import rooms


class Page(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag, attrs):  # noqa: ARG002
        """Collect a tag's link or picture and its anchors."""
        attrs = dict(attrs)
        self.anchors |= {attrs[name] for name in ("id", "name") if attrs.get(name)}
        self.links += [attrs[name] for name in ("href", "src") if attrs.get(name)]


@cache
def read(path):
    """Parse an HTML file."""
    return Page(path.read_text(encoding="utf-8"))


def broken_links(site):
    """Yield one line per link to a missing file or anchor."""
    pages = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    for path in sorted(pages):
        for link in read(path).links:
            if not (
                urlsplit(link).scheme or urlsplit(link).netloc or leads(path, link)
            ):
                yield f"{path.relative_to(site)}: {link} leads nowhere"


def leads(path, link):
    """Return whether a relative link of a page leads to a file, and to its anchor."""
    parts = urlsplit(link)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file() or target.suffix != ".html":
        return target.is_file()
    return unquote(parts.fragment) in read(target).anchors


def described(site):
    """Return the pages of every described Python name, from Sphinx's inventory."""
    content = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    pages = defaultdict(set)
    for line in zlib.decompress(content).decode().splitlines():
        name, kind, _, uri, _ = line.split(" ", 4)
        if kind.startswith("py:"):
            pages[name].add(uri.split("#")[0].replace("$", name))
    return pages


def undescribed(site):
    """Yield one line per public name without a page, or with several."""
    pages = described(site)
    pages_of, paths = defaultdict(set), defaultdict(list)
    for room in rooms():
        for name in import_module(room).__all__:
            path, value = f"{room}.{name}", getattr(import_module(room), name)
            pages_of[id(value)] |= pages[path]
            paths[id(value)].append(path)
    print(f"{len(paths)} public names in {len(list(site.rglob('*.html')))} pages")
    for key, names in paths.items():
        if len(pages_of[key]) != 1:
            where = sorted(pages_of[key])
            yield f"{names[0]} is on {len(where)} pages: {where}"


def main(folder):
    """Print the problems of a site; return how many there are."""
    site = Path(folder).resolve()
    lines = [*broken_links(site), *undescribed(site)]
    print("\n".join([*lines, f"{len(lines)} problems in {folder}"]))
    return len(lines)


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1])))
