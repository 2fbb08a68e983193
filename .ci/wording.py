"""Check the wording of docstrings, comments and pages.

    python .ci/wording.py

A summary, the first line of a docstring, is an imperative or a noun phrase in terms of
the field. It does not describe by a relative clause in place of a noun (``what``,
``who``), and does not make a person of the code (``told``, ``knows``). Docstrings,
comments and pages do not contain the expressions of ``PRIVATE``, for which the field
has terms of its own; CONTRIBUTING lists the terms.
"""

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).parent.parent

IN_SUMMARIES = re.compile(
    r"\b(what(ever)?|who(ever)?|whose|whom|told|tells?|asks?|asked|knows?|sees|looks"
    r"|looked|says?|said|thinks?|wants?|everybody|nobody|somebody|anybody|everyone"
    r"|someone|anyone|everything|something|anything|things?|stuff)\b",
    re.IGNORECASE,
)
"""Words that a summary does without."""

PRIVATE = re.compile(
    r"\b(whom|hang(s|ing)? together|by heart|learned by rote|bend(s|ing)? (by|the)"
    r"|asked ahead|those around|everybody|nobody|the desk|told apart)\b",
    re.IGNORECASE,
)
"""Expressions that neither the code nor the pages use."""

MADE = {"_build", "auto_examples", "generated"}
"""Folders of made files."""

CODE = re.compile(r"```.*?```|``.*?``|`[^`\n]*`", re.DOTALL)


def documented(tree):
    """Yield the nodes of a syntax tree that may have a docstring."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    yield from (node for node in ast.walk(tree) if isinstance(node, kinds))


def summaries(source):
    """Yield the (line, summary) of every docstring."""
    for node in documented(ast.parse(source)):
        text = ast.get_docstring(node)
        if text:
            yield node.body[0].lineno, " ".join(text.split("\n\n")[0].split())


def prose(source):
    """Yield the (line, text) of every docstring and comment."""
    for node in ast.walk(ast.parse(source)):
        expression = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if expression and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def found(pattern, text):
    """Return the first match of a pattern outside code, None if there is none."""
    match = pattern.search(CODE.sub(" ", text))
    return match and match.group()


def code_files():
    """Yield the Python files of the repository, this one excepted."""
    for folder in ("skattn", "tests", "examples", "benchmarks", ".ci", "docs"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path != Path(__file__) and not MADE & set(path.parts):
                yield path


def pages():
    """Yield the Markdown and reStructuredText files of the repository."""
    found_here = [*ROOT.glob("*.md"), *ROOT.glob("benchmarks/*.md")]
    for pattern in ("docs/**/*.md", "docs/**/*.rst", "examples/*.rst"):
        found_here += ROOT.glob(pattern)
    yield from (path for path in sorted(found_here) if not MADE & set(path.parts))


def problems():
    """Yield one line per problem."""
    for path in code_files():
        source, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        for line, text in summaries(source):
            if word := found(IN_SUMMARIES, text):
                yield f"{name}:{line}: {word!r} in the summary {text!r}"
        for line, text in prose(source):
            if word := found(PRIVATE, text):
                yield f"{name}:{line}: {word!r} in a docstring or comment"
    for path in pages():
        if word := found(PRIVATE, path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT)}: {word!r}"


if __name__ == "__main__":
    lines = list(problems())
    print("\n".join([*lines, f"{len(lines)} problems of wording"]))
    sys.exit(bool(lines))
