"""Outcomes of a case: lines RIGHT or WRONG on standard output."""

import warnings


def refuses(call, *words):
    """Return whether a call raises or warns with one of the words, and the outcome.

    Without words, it must raise ValueError or TypeError.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            got = call()
        except (ValueError, TypeError) as error:
            return _names(str(error), words), f"{type(error).__name__}: {error!s:.160}"
        except Exception as error:  # noqa: BLE001
            return False, f"{type(error).__name__}: {error!s:.160}"
    found = " ".join(str(warning.message) for warning in caught)
    return bool(words) and _names(found, words), f"accepted, gave {str(got)[:120]!r}"


def check(ok, text=""):
    """Print one line."""
    print("RIGHT" if ok else "WRONG", " ".join(text.split()))  # noqa: T201


def _names(text, words):
    return not words or any(word in text for word in words)
