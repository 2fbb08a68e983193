import threading

import pytest
import torch

from skattn._training._part_sums import PartSums


def in_threads(works):
    """Errors of functions that are called at the same time."""
    errors = []

    def run(work):
        try:
            work()
        except ZeroDivisionError as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_every_part_has_the_sums_of_all():
    sums, found = PartSums(range(3), None), {}

    def work(number):
        part = sums.part(number)
        own = torch.tensor([float(number)])
        found[number] = [part.add(own).item(), part.add(own * 10).item()]

    assert not in_threads([lambda k=k: work(k) for k in range(3)])
    assert found == {k: [3.0, 30.0] for k in range(3)}
    assert [sums.part(k).is_first for k in range(3)] == [True, False, False]


def test_an_error_of_a_part_is_raised_in_those_that_wait():
    sums = PartSums(range(3), None)

    def fail():
        error = ZeroDivisionError("of a part")
        sums.fail(error)
        raise error

    works = [lambda k=k: sums.part(k).add(torch.zeros(1)) for k in range(2)]
    assert len(in_threads([*works, fail])) == 3
    with pytest.raises(ZeroDivisionError):
        sums.part(0).add(torch.zeros(1))
