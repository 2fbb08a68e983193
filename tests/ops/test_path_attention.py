import pytest
import torch

from skattn.ops import (
    Facts,
    Questions,
    Reached,
    expand,
    path_attention,
    use_backend,
)

BACKENDS = pytest.mark.parametrize("backend", ["reference", "cpu"])
TENSORS = "key", "value", "gate_table", "value_table", "attention", "offset"


def _facts(triples, n_entities, n_relations):
    columns = torch.tensor(triples).T.contiguous()
    return Facts.from_triples(*columns, sizes=(n_entities, n_relations))


def _questions(rows, hidden, *, pairs=False):
    sources, relations = torch.tensor(rows).T.contiguous()
    counts = torch.tensor([0, *map(len, hidden)]).cumsum(0)
    answers = torch.tensor([t for row in hidden for t in row], dtype=torch.int32)
    return Questions(sources, relations, counts, answers, hide_pairs=pairs)


def _step(facts, questions, n_steps=1, budget=0, scores=None):
    reached = Reached.start(facts, questions)
    ptr = torch.arange(len(questions) + 1)
    for _ in range(n_steps):
        n = int(ptr[-1])
        given = torch.zeros(n) if scores is None else scores[:n]
        walk = expand(facts, questions, reached, ptr, given, budget=budget)
        ptr = walk.out_ptr
    return walk


def _nodes(walk, b):
    n = int(walk.out_ptr.diff()[b])
    return walk.reached.node_of[b, :n].tolist()


@pytest.fixture
def random_call():
    """Function that draws a step of random walks and its tensors."""

    def draw(
        n_steps=2, gate_dim=5, dim=11, *, hide_pairs=False, shared=False, budget=0
    ):
        rng = torch.Generator().manual_seed(0)

        def ints(high, *shape):
            return torch.randint(high, shape, generator=rng)

        triples = torch.stack([ints(40, 150), ints(3, 150), ints(40, 150)], 1)
        triples = triples.unique(dim=0)
        facts = _facts(triples.tolist(), 40, 3)
        asked = triples[:12]
        rows = [*asked[:, :2].tolist(), [int(asked[0, 2]), int(asked[0, 1]) + 3]]
        hidden = [[int(t)] for t in [*asked[:, 2], asked[0, 0]]]
        questions = _questions(rows, hidden, pairs=hide_pairs)
        scores = torch.randn(13 * 40, generator=rng)
        walk = _step(facts, questions, n_steps, budget, scores)
        relations, table_of = questions.relations.unique(return_inverse=True)
        shapes = {
            "key": (walk.n_rows, gate_dim),
            "value": (walk.n_rows, dim),
            "gate_table": (len(relations), 6, gate_dim),
            "value_table": (1 if shared else len(relations), 6, dim),
            "attention": (gate_dim,),
            "offset": (),
        }
        tensors = {k: torch.randn(s, generator=rng) for k, s in shapes.items()}
        return walk, table_of, tensors

    return draw


def _gradients(walk, table_of, tensors, dtype=torch.float32):
    given = {k: x.to(dtype).requires_grad_() for k, x in tensors.items()}
    out = path_attention(walk, table_of=table_of, **given)
    out.square().sum().backward()
    return [out.detach(), *(given[name].grad for name in TENSORS)]


@BACKENDS
def test_walk_reaches_along_facts_and_their_inverses(backend):
    facts = _facts([[0, 0, 1], [2, 0, 1], [2, 0, 3]], 4, 1)
    questions = _questions([[0, 0], [3, 1]], [[], []])
    with use_backend(backend):
        assert _nodes(_step(facts, questions, 1), 0) == [0, 1]
        walk = _step(facts, questions, 2)
    assert [_nodes(walk, b) for b in (0, 1)] == [[0, 1, 2], [3, 2, 1]]
    assert walk.out_ptr.tolist() == [0, 3, 6]


@BACKENDS
def test_answer_behind_a_hidden_fact_alone_is_not_reached(backend):
    facts = _facts([[0, 0, 1], [0, 0, 2]], 3, 1)
    with use_backend(backend):
        walk = _step(facts, _questions([[0, 0]], [[1]]), 2)
        inverse = _step(facts, _questions([[1, 1]], [[0]]), 2)
    assert _nodes(walk, 0) == [0, 2]
    assert _nodes(inverse, 0) == [1]


@BACKENDS
@pytest.mark.parametrize(("pairs", "nodes"), [(False, [0, 1]), (True, [0])])
def test_facts_of_other_relations_are_hidden_with_pairs_only(backend, pairs, nodes):
    facts = _facts([[0, 0, 1], [0, 1, 1]], 2, 2)
    with use_backend(backend):
        walk = _step(facts, _questions([[0, 0]], [[1]], pairs=pairs), 2)
    assert _nodes(walk, 0) == nodes


@BACKENDS
def test_self_loop_that_is_hidden_brings_no_message(backend):
    facts = _facts([[0, 0, 0]], 1, 1)
    with use_backend(backend):
        walk = _step(facts, _questions([[0, 0]], [[0]]))
        out = path_attention(
            walk,
            torch.zeros(1, 1),
            torch.ones(1, 1),
            table_of=torch.tensor([0]),
            gate_table=torch.zeros(1, 2, 1),
            value_table=torch.ones(1, 2, 1),
            attention=torch.zeros(1),
            offset=torch.tensor(0.0),
        )
    assert out.tolist() == [[0.0]]


@BACKENDS
@pytest.mark.parametrize(
    ("budget", "scores", "nodes"),
    [
        (0, [3.0, 1.0, 2.0], [0, 1, 2, 3, 4, 5]),
        (2, [1.0, 3.0, 2.0], [0, 1, 2, 3, 4]),  # 1 alone, with two edges
        (2, [1.0, 2.0, -3.0], [0, 1, 2, 3, 4]),
        (2, [1.0, 2.0, 3.0], [0, 1, 2, 5]),  # 2, which has one
        (3, [-1.0, 1.0, 2.0], [0, 1, 2, 5, 3, 4]),
        (1, [5.0, 9.0, 2.0], [0, 1, 2, 5]),  # only 2 has no more than one edge
    ],
)
def test_budget_selects_the_best_rows_whose_edges_fit(backend, budget, scores, nodes):
    indptr = torch.tensor([0, 2, 4, 5, 5, 5, 5])
    receivers = torch.tensor([1, 2, 3, 4, 5], dtype=torch.int32)
    facts = Facts(indptr, receivers, torch.zeros_like(receivers), torch.tensor([0]))
    questions = _questions([[0, 0]], [[]])
    reached = Reached.start(facts, questions)
    with use_backend(backend):
        first = expand(facts, questions, reached, torch.tensor([0, 1]), torch.zeros(1))
        walk = expand(
            facts,
            questions,
            reached,
            first.out_ptr,
            torch.tensor(scores),
            budget=budget,
        )
    assert sorted(_nodes(walk, 0)) == sorted(nodes)


@BACKENDS
def test_hub_that_exceeds_the_budget_sends_if_no_other_row_does(backend):
    facts = _facts([[0, 0, k] for k in range(1, 6)], 6, 1)
    with use_backend(backend):
        walk = _step(facts, _questions([[0, 0]], [[]]), 1, budget=3)
    assert len(_nodes(walk, 0)) == 6


@pytest.mark.parametrize("hide_pairs", [False, True])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("widths", [(5, 11), (8, 32), (1, 1)])
def test_kernels_equal_the_reference(random_call, hide_pairs, shared, widths):
    gate_dim, dim = widths
    call = random_call(2, gate_dim, dim, hide_pairs=hide_pairs, shared=shared)
    with use_backend("reference"):
        exact = _gradients(*call, dtype=torch.float64)
    with use_backend("cpu"):
        found = _gradients(*call)
    for x, y in zip(found, exact, strict=True):
        assert (x - y).norm() <= 1e-5 * y.norm()


@pytest.mark.parametrize("budget", [0, 5, 20, 60])
def test_kernels_walk_as_the_reference(random_call, budget):
    with use_backend("reference"):
        expected, *_ = random_call(3, budget=budget)
    with use_backend("cpu"):
        walk, *_ = random_call(3, budget=budget)
    assert torch.equal(walk.n_senders, expected.n_senders)
    assert torch.equal(walk.out_ptr, expected.out_ptr)
    assert torch.equal(walk.reached.row_of, expected.reached.row_of)


def test_reference_has_the_right_gradients(random_call):
    walk, table_of, tensors = random_call(1, 2, 3)
    given = [tensors[name].double().requires_grad_() for name in TENSORS]

    def call(key, value, gate_table, value_table, attention, offset):
        return path_attention(
            walk,
            key,
            value,
            table_of=table_of,
            gate_table=gate_table,
            value_table=value_table,
            attention=attention,
            offset=offset,
        )

    assert torch.autograd.gradcheck(call, given)


def test_results_are_equal_bit_for_bit_at_any_number_of_threads(random_call):
    before = torch.get_num_threads()
    try:
        outcomes = []
        for n_threads in (1, 2):
            torch.set_num_threads(n_threads)
            outcomes.append(_gradients(*random_call()))
    finally:
        torch.set_num_threads(before)
    assert all(map(torch.equal, *outcomes))


def test_other_names_of_nodes_and_order_of_questions_change_nothing():
    triples = [[0, 0, 1], [1, 1, 2], [0, 1, 2], [2, 0, 3], [3, 1, 0]]
    names, order = torch.tensor([2, 0, 3, 1]), [1, 0]
    renamed = [[int(names[h]), r, int(names[t])] for h, r, t in triples]
    asked = [[0, 0], [3, 1]]
    moved = [[int(names[asked[b][0]]), asked[b][1]] for b in order]
    tables = {
        "gate_table": torch.randn(1, 4, 3),
        "value_table": torch.randn(1, 4, 2),
        "attention": torch.randn(3),
        "offset": torch.tensor(0.2),
    }
    outs = []
    for facts, rows, hidden in (
        (_facts(triples, 4, 2), asked, [[1], [0]]),
        (_facts(renamed, 4, 2), moved, [[int(names[0])], [int(names[1])]]),
    ):
        walk = _step(facts, _questions(rows, hidden))
        ones = torch.ones(walk.n_rows, 3), torch.ones(walk.n_rows, 2)
        at = torch.zeros(2, dtype=torch.int64)
        out = path_attention(walk, *ones, table_of=at, **tables)
        place = walk.reached.row_of.long()
        full = torch.where(
            (place >= 0)[..., None], out[(walk.out_ptr[:2, None] + place) % len(out)], 0
        )
        outs.append(full)
    torch.testing.assert_close(outs[1][order][:, names], outs[0])


@pytest.mark.parametrize("name", TENSORS[:5])
def test_tensor_of_another_shape_is_refused(random_call, name):
    walk, table_of, tensors = random_call()
    tensors[name] = tensors[name][:-1, ..., :-1] if name == "key" else torch.ones(1, 1)
    with pytest.raises(ValueError, match="must have shape"):
        path_attention(walk, table_of=table_of, **tensors)
