"""Development suite: results on file, and the table of scores and ranks."""

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.stats import rankdata


def read(paths):
    """Read the JSON lines of all files that exist; skip a line cut by an interrupt."""
    results = []
    for path in map(Path, paths):
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                results.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return results


def append(path, result):
    """Add one line at once, so that several processes can share a file."""
    path = Path(path)
    cut = path.exists() and not path.read_bytes().endswith(b"\n")
    with path.open("a") as file:
        file.write("\n" * cut + json.dumps(result) + "\n")


def key(result):
    """Identify a result, which is measured once."""
    return tuple(result[k] for k in ("set", "method", "split", "stage", "quick"))


def by_set(results, stage, value="score"):
    """Map set, then method, to the values of the splits {split: value}."""
    found = defaultdict(lambda: defaultdict(dict))
    for r in results:
        if r["stage"] == stage and r.get(value) is not None:
            found[r["set"]][r["method"]][r["split"]] = r[value]
    return found


def compared(values, methods):
    """Keep the splits that every method of a set has, as arrays in one order.

    A method that misses more than half of the splits does not take part.
    """
    most = max(len(values.get(m, ())) for m in methods)
    present = [m for m in methods if 2 * len(values.get(m, ())) > most]
    if not present:
        return {}
    shared = set.intersection(*(set(values[m]) for m in present))
    return {m: np.array([values[m][s] for s in sorted(shared)]) for m in present}


def ranks(scores, *, lower=False):
    """Rank the means of the methods of one set, 1 = best; ties share the mean rank."""
    means = np.array([values.mean() for values in scores.values()])
    order = rankdata(means if lower else -means)
    return dict(zip(scores, order, strict=True))


def against(scores, reference):
    """Mean difference of each method to the reference, and the deviation to judge it.

    The deviation is the larger one of the two methods over the splits.
    """
    if reference not in scores:
        return {}
    base = scores[reference]
    return {
        m: ((values - base).mean(), max(values.std(), base.std()))
        for m, values in scores.items()
        if m != reference
    }


def table(results, stage, methods=None, reference=None, value="score"):
    """Lines of a Markdown table: a row per set, then ranks, wins and seconds."""
    values = by_set(results, stage, value)
    seconds = by_set(results, stage, "seconds")
    methods = methods or list(dict.fromkeys(r["method"] for r in results))
    lower = value == "log_loss"
    lines = [f"| {stage}, {value} | " + " | ".join(methods) + " |"]
    lines.append("|---" * (len(methods) + 1) + "|")
    of_method, wins, spent = defaultdict(list), defaultdict(list), defaultdict(list)
    for name, of_set in values.items():
        scores = compared(of_set, methods)
        if len(scores) < 2:
            continue
        position = ranks(scores, lower=lower)
        sign = -1 if lower else 1
        for m, (difference, deviation) in against(scores, reference).items():
            wins[m].append((sign * difference, deviation))
        for m in scores:
            of_method[m].append(position[m])
            spent[m].append(np.mean(list(seconds[name][m].values())))
        cells = [_cell(scores[m], position[m]) if m in scores else "" for m in methods]
        n = len(next(iter(scores.values())))
        lines.append(f"| {name} ({n}) | " + " | ".join(cells) + " |")
    lines.append(_row("mean rank", methods, of_method, lambda r: f"{np.mean(r):.2f}"))
    lines.append(_row("sets", methods, of_method, lambda r: str(len(r))))
    lines.append(
        _row("CPU seconds a fit", methods, spent, lambda s: f"{np.mean(s):.1f}")
    )
    if reference:
        lines.append(_row(f"better, worse than {reference}", methods, wins, _record))
        lines.append(_row("by more than a deviation", methods, wins, _clear_record))
    return lines


def _cell(values, rank):
    return f"{values.mean():.4f} ± {values.std():.4f} ({rank:g})"


def _row(title, methods, values, text):
    cells = [text(values[m]) if values[m] else "" for m in methods]
    return f"| **{title}** | " + " | ".join(cells) + " |"


def _record(wins):
    better, worse = sum(d > 0 for d, _ in wins), sum(d < 0 for d, _ in wins)
    return f"{better} : {worse}"


def _clear_record(wins):
    better, worse = sum(d > s for d, s in wins), sum(-d > s for d, s in wins)
    return f"{better} : {worse}"
