"""Questions of several hops, and conjunctions, to a knowledge graph."""

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from skattn.graph._data_objects import type_name
from skattn.graph._frames import is_frame
from skattn.graph._name_table import is_text_or_number, plain
from skattn.graph._unknown_labels import is_missing


@dataclass(frozen=True, init=False, repr=False)
class Question:
    """Question of several hops, or conjunction, to a knowledge graph.

    ``Question("ann", "mother", "sister")`` asks for the sisters of the mothers of ann.
    ``a & b`` asks for the entities that answer both questions; a question that is
    repeated counts once. Questions are equal if they have the same parts, and can be
    keys of a dict.

    Parameters
    ----------
    start : str, number or tuple of Question
        Entity from which the question starts; or questions, all of whose answers it
        starts from.
    *relations : str or number
        Relations from there to the answers, in order; "^" before the name of a relation
        follows it backwards, from tail to head.

    Raises
    ------
    TypeError
        If a name is neither text nor a number.
    ValueError
        If a name is missing, or one of several questions has no relation.

    See Also
    --------
    skattn.AttentionReasoner.answer : Answers of questions.

    References
    ----------
    Ren, Hu and Leskovec, "Query2box", ICLR 2020 (kinds of questions).

    Examples
    --------
    >>> from skattn.graph import Question
    >>> both = Question("ann", "mother") & Question("eve", "sister")
    >>> both.to("^friend")
    (Question('ann', 'mother') & Question('eve', 'sister')).to('^friend')
    >>> Question("ann").to("mother").to("sister") == Question("ann", "mother", "sister")
    True
    """

    start: Any
    """Entity, or a tuple of questions."""
    relations: tuple[Any, ...]
    """Relations from there to the answers."""

    def __init__(self, start: Any, *relations: Any) -> None:
        if isinstance(start, tuple):
            _check_parts(start)
        else:
            start = _name(start, "start, an entity,")
        names = tuple(_name(r, "a relation of a question") for r in relations)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "relations", names)

    @property
    def parts(self) -> tuple["Question", ...]:
        """Questions of a conjunction; none if the question starts from an entity."""
        return self.start if isinstance(self.start, tuple) else ()

    @property
    def entities(self) -> tuple[Any, ...]:
        """Entities from which the question starts."""
        if not self.parts:
            return (self.start,)
        return tuple(entity for part in self.parts for entity in part.entities)

    @property
    def has_answers(self) -> bool:
        """Whether the question has a relation."""
        return bool(self.relations or self.parts)

    def to(self, relation: Any) -> "Question":
        """Continue from the answers along a relation.

        Parameters
        ----------
        relation : str or number
            Name of the relation; "^" before it follows it backwards.

        Returns
        -------
        Question
            The longer question.
        """
        return Question(self.start, *self.relations, relation)

    def __and__(self, other: Any) -> "Question":
        if not isinstance(other, Question):
            raise TypeError(
                f"& joins two questions, got a Question and {type_name(other)}. Write "
                "Question(entity, relation) on both sides."
            )
        parts = tuple(dict.fromkeys((*self._conjuncts(), *other._conjuncts())))
        return Question(parts) if len(parts) > 1 else self

    __rand__ = __and__

    def __or__(self, other: Any) -> NoReturn:
        raise TypeError(
            "questions are joined by & alone: | and ^ (unions) and ~ (negation) are "
            "not supported. Ask the questions one by one and combine the results of "
            "predict_truth, for example with numpy.maximum for either of two."
        )

    __ror__ = __xor__ = __rxor__ = __or__

    def __invert__(self) -> NoReturn:
        self.__or__(None)

    def __bool__(self) -> bool:
        raise TypeError(
            "a Question is neither true nor false. Combine questions by &, not by "
            "'and'."
        )

    def __repr__(self) -> str:
        if not self.parts:
            return f"Question({', '.join(map(repr, (self.start, *self.relations)))})"
        both = " & ".join(map(repr, self.parts))
        steps = "".join(f".to({relation!r})" for relation in self.relations)
        return f"({both}){steps}" if steps else both

    def _conjuncts(self) -> tuple["Question", ...]:
        """Return the questions of which this one is the conjunction."""
        return self.parts if self.parts and not self.relations else (self,)


def _check_parts(parts: tuple[Any, ...]) -> None:
    """Raise an error unless parts are questions with a relation each."""
    for part in parts:
        if not isinstance(part, Question):
            raise TypeError(
                "start must be an entity or a tuple of Question, got a tuple with "
                f"{type_name(part)}."
            )
        if not part.has_answers:
            raise ValueError(
                "questions that are combined must have a relation each, got "
                f"{part!r}. Use {part!r}.to(relation)."
            )
    if len(parts) < 2:
        raise ValueError(f"a conjunction must have two questions, got {len(parts)}.")


def _name(name: Any, what: str) -> Any:
    """Return a name as a Python object; raise an error for one that is none."""
    name = plain(name)
    if is_missing(name):
        raise ValueError(f"{what} must have a name, got {name!r}.")
    if not is_text_or_number(name):
        raise TypeError(
            f"{what} must be given by name, text or a number, got {type_name(name)}."
        )
    return name


def as_questions(X: Any) -> list[Question] | None:
    """Return one question, or several, as a list; None for other objects.

    Raises
    ------
    TypeError
        If some entries are questions and others are not.
    ValueError
        If a question has no relation.
    """
    found = [X] if isinstance(X, Question) else _entries(X)
    are = [isinstance(each, Question) for each in found]
    if not any(are):
        return None
    if not all(are):
        row = are.index(False)
        raise TypeError(
            "X must have questions of one kind, rows (head, relation) or Question, got "
            f"both (row {row} is {type_name(found[row])}). Write a row as "
            "Question(head, relation)."
        )
    for row, each in enumerate(found):
        if not each.has_answers:
            raise ValueError(
                f"questions must have a relation, got {each!r} in row {row}. Use "
                f"{each!r}.to(relation)."
            )
    return found


def _entries(X: Any) -> list[Any]:
    """Return the entries of a list, an array or a column; none of other objects.

    Raises
    ------
    ValueError
        If questions are in a table.
    """
    if isinstance(X, list | tuple):
        return list(X)
    if not hasattr(X, "shape") or not hasattr(X, "__array__"):
        return []
    if len(X.shape) == 1:
        return list(X)
    is_table = isinstance(X, np.ndarray) or is_frame(X)
    entries = np.asarray(X).ravel() if is_table else np.empty(0)
    if entries.dtype == object and any(isinstance(each, Question) for each in entries):
        raise ValueError(
            f"questions must be a list of Question, got a table of shape {X.shape} "
            "with some. Pass one of its columns."
        )
    return []
