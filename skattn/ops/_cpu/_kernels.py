"""Compiled walks of the CPU backend, over blocks of rows of a CSR.

Forward walks the CSR by receiver with a softmax that goes online where a row is long.
Backward recomputes the weights in one walk by sender (gradients of key and value, and
of every edge's score) and finishes in one walk by receiver (gradient of the query).
Whoever walks a row owns what it writes: no atomics. The last walk is not needed for
"gat" where forward has summed the values of scores above 0 apart, see `_pull_above`.
Few edges, which one thread walks alone, are pulled in a single walk by receiver that
adds to the rows of senders as they come, from stored scores (`pull_edges`).

Measured, one thread: 128 graphs of 30 nodes and 95 edges, 4 heads x 16, "gatv2": 75 ns
an edge forward and backward, spread evenly over scores, weights and sums; pulled in two
walks 95. A buffer per row, without groups of rows, took 330: calls that unpacked
arrays, scattered writes and vectors of which three lanes were in use. On 169 k nodes,
2.5 M edges, 4 heads x 64 the gather of 1 KB rows bounds the walks. Asking for the rows
of the next group while this one is worked on takes 0.6 of the time, and 0.5 where a row
has 64 numbers; nothing is gained by asking for log-sum-exps or "gat"'s scores there, by
chunks of 16 to 128, 2 to 64 blocks, or, with two walks, storing the scores. On 2
million nodes, 100 million edges that no order brings together, 1 head x 32, "gat", two
threads: 59 ns an edge, of which 12 for the gradients of scores, written where receivers
find them; 44 to 54 without them, 38 to 44 with queries beside the log-sum-exps and both
halves of scores asked for.

Kernels take addresses and trust them: who calls keeps the tensors alive.
"""

# ruff: noqa: ANN001, ANN202  (numba infers types)
# mypy: ignore-errors

from __future__ import annotations

from collections import namedtuple

from skattn.ops._cpu import _lanes as lanes
from skattn.ops._cpu import _walk as walk
from skattn.ops._cpu._compiler import kernel, loop, part
from skattn.ops._cpu._hooks import (
    Dot,
    Gat,
    GatV2,
    finish,
    logits,
    pull,
    pull_both,
)
from skattn.ops._cpu._lanes import WIDTH as LANES
from skattn.ops._cpu._lanes import splat
from skattn.ops._cpu._memory import (
    after,
    doubles,
    floats,
    ints,
    load,
    load_first,
    longs,
    store,
    store_first,
)
from skattn.ops._cpu._softmax import add_up, close, exp, raise_all, subtract_highest
from skattn.ops._cpu._walk import (
    AHEAD,
    Rows,
    Sizes,
    carry,
    desk_of,
    desk_size,
    f32,
    i64,
    next_group,
    span,
    spill,
    start_of,
    u32,
)

__all__ = [
    "AHEAD", "LANES", "Dot", "Gat", "GatV2", "Inputs", "Received", "Rows", "Sizes",
    "attend", "bend_elements", "cut_rows", "desk_size", "drop_elements",
    "multiply_rows", "pull_edges", "pull_elements", "pull_receivers", "pull_senders",
    "row_sums", "transpose",
]  # fmt: skip

# Addresses, 0 where absent.
Inputs = namedtuple("Inputs", "value bias edge_features offset")
# What receivers know when they are pulled; `query` and what is `above` only of "gat".
Received = namedtuple("Received", "out lse dout offset query above lse_above slope")

# ---- forward -------------------------------------------------------------------------


@part
def _score_edges(score, bias, sizes, n, desk):
    logits(score, sizes, n, desk)
    H = sizes.heads
    if bias:
        for e in loop(n):
            row = after(floats(bias), desk.numbers[e] * H)
            for first in loop(0, sizes.sums, H):
                s = after(desk.s, e * sizes.slots + first)
                for h in loop(H):
                    s[h] += row[h]


@part
def _write_edges(x, sizes, n, to, desk):
    """Write a number per edge and head out of a group's."""
    H = sizes.heads
    for e in loop(n):
        for h in loop(0, H, LANES):
            row = load(x, e * sizes.slots + h)
            store_first(floats(to), desk.numbers[e] * H + h, row, H - h)


@part
def _add_edge_features(sizes, start, n, edge_features, desk):
    K = sizes.features
    for e in loop(n):
        row = after(floats(edge_features), desk.numbers[start + e] * K)
        for h in loop(sizes.sums):
            for c in loop(K):
                desk.g[h * K + c] += desk.w[e * sizes.slots + h] * row[c]


@part
def _write_receiver(r, at, sizes, desk, offset, written):
    """Write a row's first sums to (out, lse), second ones to the two behind."""
    H, sums, _, W, C, K, _, _ = sizes
    for first in loop(0, sums, H):
        out, lse = (written[0], written[1]) if first == 0 else (written[2], written[3])
        top, z = after(desk.top, at + first), after(desk.z, at + first)
        o, g = after(desk.o, first * C), after(desk.g, first * K)
        for h in loop(0, H, LANES):
            store_first(floats(lse), r * H + h, load(top, h), H - h)
        for h in loop(H):
            to = after(floats(out), (r * H + h) * (W + K))
            for c in loop(0, W, LANES):
                x = load(o, h * C + c) * z[h]
                if offset:
                    x += load(floats(offset), h * C + c)
                store_first(to, c, x, W - c)
            for c in loop(K):
                to[W + c] = g[h * K + c] * z[h]


@part
def _attend_rows(rows, group, call, desk, written):
    """Sum the values of every row by the weights in t."""
    score, sizes, inputs, _ = call
    H, sums, slots, _, C, K, _, ahead = sizes
    indptr = longs(rows.indptr)
    if inputs.value == score.theirs:
        ahead = 0  # the score has asked
    for r in loop(group.i, group.k):
        start, m, is_fresh = span(indptr, group, r)
        if is_fresh:
            walk.clear(desk.o, sums * C)
            walk.clear(desk.g, sums * K)
        walk.take(desk.t, start, m, slots, desk.w)
        others, table = after(desk.others, start), floats(inputs.value)
        for h in loop(0, sums, H):
            w, o, asked = after(desk.w, h), after(desk.o, h * C), 0 if h else ahead
            walk.weighted_sum(w, slots, others, m, table, (H, C, C), asked, o)
        if K:
            _add_edge_features(sizes, start, m, inputs.edge_features, desk)
            carry(indptr, r, group.end, desk.g, sums * K, desk.g_sums)
        if carry(indptr, r, group.end, desk.o, sums * C, desk.o_sums):
            at = (r - group.i) * slots
            _write_receiver(r, at, sizes, desk, inputs.offset, written)


@kernel
def attend(blocks, rows, call, written, work):
    """Write the output and the log-sum-exps of some blocks of receivers.

    blocks = (first, behind the last), call = (score, sizes, inputs, drop), work = the
    address of `desk_size` zeros, written = (out, lse, out, lse, scores or 0). Second
    sums are of "gat" alone and attend only to edges whose scores are above 0, see
    `_pull_above`.
    """
    score, sizes, inputs, drop = call
    desk = desk_of(work, sizes, score.shape)
    cuts, indptr, i, begin, stop = start_of(rows, blocks)
    for block in loop(blocks[0], blocks[1]):
        while i < cuts[block + 1]:
            group = next_group(rows, i, begin, cuts[block + 1], sizes.ahead, stop, desk)
            begin, n = group.end, group.end - begin
            _score_edges(score, inputs.bias, sizes, n, desk)
            if written[4]:
                _write_edges(desk.s, sizes, n, written[4], desk)
            subtract_highest(indptr, group, sizes, desk)
            raise_all(desk.t, n * sizes.slots)
            add_up(indptr, group, sizes, desk)
            if begin == indptr[group.k]:
                i = group.k
                close((i - group.i) * sizes.slots, desk)
            if drop[0]:
                walk.drop_weights(desk.t, sizes, n, drop, desk)
            _attend_rows(rows, group, call, desk, written)


# ---- backward ------------------------------------------------------------------------


@part
def _row_sum(at, h, sizes, received, acc):
    """Return dout . (out - offset) of a receiver's head; add dout to acc."""
    _, _, _, W, C, K, _, _ = sizes
    out, dout = after(floats(received.out), at), after(floats(received.dout), at)
    offset = received.offset
    s = splat(0.0)
    for c in loop(0, W, LANES):
        d, x = load_first(dout, c, W - c), load_first(out, c, W - c)
        if offset:
            x -= load(floats(offset), h * C + c)
            store(acc, h * C + c, load(acc, h * C + c) + d)
        s += d * x
    for c in loop(W, W + K, LANES):
        s += load_first(dout, c, W + K - c) * load_first(out, c, W + K - c)
    return lanes.across(s)


@part
def _change(at, sizes, received):
    """Return dout . (above - out) of a receiver's head."""
    width = sizes.width + sizes.features
    out, dout = after(floats(received.out), at), after(floats(received.dout), at)
    above, s = after(floats(received.above), at), splat(0.0)
    for c in loop(0, width, LANES):
        x = load_first(above, c, width - c) - load_first(out, c, width - c)
        s += load_first(dout, c, width - c) * x
    return lanes.across(s)


@part
def _pull_above(i, sizes, received, dquery):
    """Write the gradient of "gat"'s query, without a walk over the edges.

    The gradients of a row's scores sum to 0. LeakyReLU lets all of those through whose
    score is above 0, and `slope` of the others: what is left is `1 - slope` times the
    sum of those above, which is dout . (their output - the output) times the share of
    weights that they have.
    """
    H, lse, lse_above = sizes.heads, floats(received.lse), floats(received.lse_above)
    for h in loop(H):
        k = i * H + h
        share = exp(splat(lse_above[k] - lse[k]))
        s = _change(k * (sizes.width + sizes.features), sizes, received)
        store_first(dquery, k, share * s * (1.0 - received.slope), 1)


@kernel
def row_sums(blocks, rows, sizes, received, written, work):
    """Pack stat[i] = (queries of "gat", log-sum-exps, dout . (out - offset)).

    One gather for all. written = (stat, doffset of every block or 0, dquery or 0).
    """
    H, _, _, W, C, K, _, _ = sizes
    cuts, lse = longs(rows.cuts), floats(received.lse)
    apart = (3 if received.query else 2) * H
    acc = floats(work)
    for block in loop(blocks[0], blocks[1]):
        sums = doubles(written[1] + 8 * block * H * C)
        for i in loop(cuts[block], cuts[block + 1]):
            stat = after(floats(written[0]), i * apart)
            if received.query:
                for h in loop(H):
                    stat[h] = floats(received.query)[i * H + h]
                stat = after(stat, H)
            for h in loop(H):
                s = _row_sum((i * H + h) * (W + K), h, sizes, received, acc)
                stat[h] = lse[i * H + h]
                stat[H + h] = s
            if received.offset and (i % walk.CHUNK == 0 or i == cuts[block + 1] - 1):
                spill(acc, H * C, sums)
            if written[2]:
                _pull_above(i, sizes, received, floats(written[2]))


@part
def _weights_again(stat, apart, receivers, sizes, n, desk):
    """Turn scores into weights."""
    walk.spread(stat, apart, receivers, n, sizes, desk.u)
    for k in loop(0, n * sizes.slots, LANES):
        store(desk.s, k, exp(load(desk.s, k) - load(desk.u, k)))


@part
def _multiply_edge_features(sizes, inputs, dout, receivers, n, desk):
    H, _, slots, W, _, K, _, _ = sizes
    for e in loop(n):
        row = after(floats(dout), receivers[e] * H * (W + K))
        features = after(floats(inputs.edge_features), desk.numbers[e] * K)
        for h in loop(H):
            for c in loop(K):
                desk.t[e * slots + h] += row[h * (W + K) + W + c] * features[c]


@part
def _pull_softmax(stat, apart, receivers, sizes, n, drop, dscore, desk):
    """Turn t into gradients of scores, and s into weights of which some are dropped.

    t = p (keep t - u), then p = keep p; u is the receiver's dout . (out - offset).
    """
    slots = sizes.slots
    walk.spread(after(stat, sizes.heads), apart, receivers, n, sizes, desk.u)
    for k in loop(0, n * slots, LANES):
        store(desk.u, k, load(desk.u, k) * load(desk.s, k))
    if drop[0]:
        walk.drop_weights(desk.s, sizes, n, drop, desk)
    for k in loop(0, n * slots, LANES):
        store(desk.t, k, load(desk.s, k) * load(desk.t, k) - load(desk.u, k))
    if dscore:
        _write_edges(desk.t, sizes, n, dscore, desk)


@part
def _pull_edge_features(sizes, dout, receivers, n, dedge_features, desk):
    H, _, slots, W, _, K, _, _ = sizes
    for e in loop(n):
        row = after(floats(dout), receivers[e] * H * (W + K))
        to = after(floats(dedge_features), desk.numbers[e] * K)
        for c in loop(K):
            acc = f32(0)
            for h in loop(H):
                acc += desk.s[e * slots + h] * row[h * (W + K) + W + c]
            to[c] = acc


@part
def _pull_group(call, received, receivers, products, n, written, desk):
    """Turn s from scores into dropped weights, and t into gradients of scores.

    products = (tables of mine and of theirs, dout and values, and how far apart heads
    are in each); the rest is as in `pull_senders`.
    """
    _, sizes, inputs, drop = call
    dout, stat, apart = received[1], floats(received[2]), received[3]
    _weights_again(stat, apart, receivers, sizes, n, desk)
    mine, theirs, columns = products
    walk.multiply(mine, theirs, columns, sizes, n, desk, desk.t)
    if sizes.features:
        _multiply_edge_features(sizes, inputs, dout, receivers, n, desk)
    _pull_softmax(stat, apart, receivers, sizes, n, drop, written[3], desk)
    if sizes.features:
        _pull_edge_features(sizes, dout, receivers, n, written[2], desk)


@part
def _write_sender(r, score, sizes, desk, written):
    """Write a row's gradients; where key and value are one, their sum."""
    dkey, dvalue = written[:2]
    if dkey == dvalue:
        for k in loop(0, sizes.heads * sizes.step, LANES):
            store(desk.g, k, load(desk.g, k) + load(desk.o, k))
    else:
        shape = sizes.heads, sizes.width, sizes.step
        walk.write(desk.o, shape, floats(dvalue), r)
    walk.write(desk.g, score.shape, floats(dkey), r)


@part
def _pull_rows(rows, group, call, dout, desk, written):
    """Sum dout by the weights in s, and what the score pulls by the gradients in t."""
    score, sizes, _, _ = call
    H, _, slots, _, C, _, columns, _ = sizes
    indptr, stride = longs(rows.indptr), score.shape[0] * score.shape[2]
    for r in loop(group.i, group.k):
        start, m, is_fresh = span(indptr, group, r)
        if is_fresh:
            walk.clear(desk.o, H * C)
            walk.clear(desk.g, stride)
        others = after(desk.others, start)
        walk.take(desk.s, start, m, slots, desk.w)
        shape = H, columns, C
        walk.weighted_sum(desk.w, slots, others, m, dout, shape, 0, desk.o)
        walk.take(desk.t, start, m, slots, desk.w)
        pull(score, r, others, m, slots, desk.w, 0, desk.g)
        carry(indptr, r, group.end, desk.o, H * C, desk.o_sums)
        if carry(indptr, r, group.end, desk.g, stride, desk.g_sums):
            finish(score, r, desk.g, desk.d)
            _write_sender(r, score, sizes, desk, written)


@kernel
def pull_senders(blocks, rows, call, received, written, work):
    """Write the gradients of key, value, edge features and every score.

    Rows are those by sender, received = (dout in whole lanes, dout, where stat has the
    log-sum-exps, numbers between its rows), written = (dkey, dvalue, dedge_features,
    dscore, dattention of every block); dkey and dvalue may be one, dscore and
    dattention 0. The rest is as in `attend`.
    """
    score, sizes, inputs, _ = call
    value, dout = floats(inputs.value), floats(received[0])
    products = value, dout, (sizes.step, sizes.columns)
    stride = score.shape[0] * score.shape[2]
    desk = desk_of(work, sizes, score.shape)
    cuts, indptr, i, begin, stop = start_of(rows, blocks)
    for block in loop(blocks[0], blocks[1]):
        while i < cuts[block + 1]:
            group = next_group(rows, i, begin, cuts[block + 1], sizes.ahead, stop, desk)
            begin, n = group.end, group.end - begin
            _score_edges(score, inputs.bias, sizes, n, desk)
            _pull_group(call, received, desk.others, products, n, written, desk)
            _pull_rows(rows, group, call, dout, desk, written)
            if written[4]:
                spill(desk.d, stride, doubles(written[4] + 8 * block * stride))
            if begin == indptr[group.k]:
                i = group.k


@kernel
def pull_receivers(blocks, rows, call, dscore, written, work):
    """Write the gradient of the query from that of the scores.

    written = (dquery, dattention of every block or 0).
    """
    score, sizes, _, _ = call
    H, stride = sizes.heads, score.shape[0] * score.shape[2]
    desk = desk_of(work, sizes, score.shape)
    cuts, indptr, i, begin, stop = start_of(rows, blocks)
    for block in loop(blocks[0], blocks[1]):
        while i < cuts[block + 1]:
            group = next_group(rows, i, begin, cuts[block + 1], sizes.ahead, stop, desk)
            begin, n = group.end, group.end - begin
            walk.spread(floats(dscore), H, desk.numbers, n, sizes, desk.t)
            for r in loop(group.i, group.k):
                start, m, is_fresh = span(indptr, group, r)
                if is_fresh:
                    walk.clear(desk.g, stride)
                walk.take(desk.t, start, m, sizes.slots, desk.w)
                others = after(desk.others, start)
                ahead = sizes.ahead
                pull(score, r, others, m, sizes.slots, desk.w, ahead, desk.g)
                if carry(indptr, r, group.end, desk.g, stride, desk.g_sums):
                    finish(score, r, desk.g, desk.d)
                    walk.write(desk.g, score.shape, floats(written[0]), r)
            if written[1]:
                spill(desk.d, stride, doubles(written[1] + 8 * block * stride))
            if begin == indptr[group.k]:
                i = group.k


@part
def _pull_receivers_and_senders(rows, group, call, received, written, desk):
    """Add to the rows of senders what `_pull_rows` sums, and finish receivers."""
    score, sizes, _, _ = call
    H, _, slots, _, C, _, columns, _ = sizes
    indptr, stride = longs(rows.indptr), score.shape[0] * score.shape[2]
    dkey, dvalue = floats(written[0]), floats(written[1])
    for r in loop(group.i, group.k):
        start, m, is_fresh = span(indptr, group, r)
        if is_fresh:
            walk.clear(desk.g, stride)
        others = after(desk.others, start)
        w, dscore = after(desk.s, start * slots), after(desk.t, start * slots)
        dout, shape = after(floats(received[0]), r * H * columns), (H, columns, C)
        walk.add_multiples(w, slots, others, m, dout, shape, dvalue)
        pull_both(score, r, others, m, slots, dscore, (desk.g, dkey, desk.d))
        if carry(indptr, r, group.end, desk.g, stride, desk.g_sums):
            finish(score, r, desk.g, desk.d)
            walk.write(desk.g, score.shape, floats(written[5]), r)


@kernel
def pull_edges(blocks, rows, call, received, written, work):
    """Write all gradients in one walk by receiver; no other thread adds to them.

    received has, behind what it has in `pull_senders`, the scores; written ends with
    dquery. dkey and dvalue, in whole lanes, are zeros on entry.
    """
    score, sizes, inputs, _ = call
    value, dout = floats(inputs.value), floats(received[0])
    products = dout, value, (sizes.columns, sizes.step)
    stride = score.shape[0] * score.shape[2]
    desk = desk_of(work, sizes, score.shape)
    cuts, indptr, i, begin, stop = start_of(rows, blocks)
    for block in loop(blocks[0], blocks[1]):
        while i < cuts[block + 1]:
            group = next_group(rows, i, begin, cuts[block + 1], sizes.ahead, stop, desk)
            begin, n = group.end, group.end - begin
            H, scores = sizes.heads, floats(received[4])
            walk.spread(scores, H, desk.numbers, n, sizes, desk.s)
            _pull_group(call, received, desk.mine, products, n, written, desk)
            _pull_receivers_and_senders(rows, group, call, received, written, desk)
            if written[4]:
                spill(desk.d, stride, doubles(written[4] + 8 * block * stride))
            if begin == indptr[group.k]:
                i = group.k


# ---- around attention ----------------------------------------------------------------


@kernel
def transpose(rows, sent, found, n_rows):
    """Sort the edges by sender, stable; sent = (n_senders + 1,) zeros on entry.

    found = (receivers, numbers) of the edges, n_rows = (n_receivers, n_senders).
    """
    indptr, sent = longs(rows.indptr), longs(sent)
    if rows.wide:
        wide = longs(found[0]), longs(found[1])
        _sort(indptr, longs(rows.others), sent, wide, n_rows)
    else:
        narrow = ints(found[0]), ints(found[1])
        _sort(indptr, ints(rows.others), sent, narrow, n_rows)


@part
def _sort(indptr, senders, sent, found, n_rows):
    receivers, numbers = found
    n_receivers, n_senders = n_rows
    for e in loop(indptr[n_receivers]):
        sent[i64(senders[e]) + 1] += 1
    for j in loop(n_senders):
        sent[j + 1] += sent[j]
    for i in loop(n_receivers):
        for e in loop(indptr[i], indptr[i + 1]):
            place = sent[i64(senders[e])]
            receivers[place] = i
            numbers[place] = e
            sent[i64(senders[e])] = place + 1
    last = 0
    for j in loop(n_senders + 1):  # each start moved on to the next one's
        last, sent[j] = sent[j], last


@kernel
def cut_rows(indptr, n_rows, n_blocks, cuts):
    """Write where blocks of about equal work start; a row costs something too."""
    indptr, cuts = longs(indptr), longs(cuts)
    work, i = indptr[n_rows] + n_rows, 0
    cuts[0] = 0
    for block in loop(1, n_blocks):
        while indptr[i] + i < work * block // n_blocks:
            i += 1
        cuts[block] = i
    cuts[n_blocks] = n_rows


@kernel
def drop_elements(low, high, places, drop):
    """Write the elements of a flat array that are kept, scaled; places = (from, to)."""
    x, y = floats(places[0]), floats(places[1])
    for k in loop(low, high, LANES):
        words = lanes.mixed(lanes.xor(lanes.words_from(k, 1), drop[1]), 0)
        words = lanes.mixed(words, u32((k >> 32) * walk.GOLDEN + drop[2]))
        kept = load_first(x, k, high - k) * lanes.kept(words, drop[0], drop[3])
        store_first(y, k, kept, high - k)


@kernel
def bend_elements(low, high, places):
    """Write the ELU of the elements of a flat array; places = (from, to)."""
    x, y = floats(places[0]), floats(places[1])
    for k in loop(low, high, LANES):
        v = load_first(x, k, high - k)
        store_first(y, k, lanes.select_above(v, v, exp(v) - 1.0), high - k)


@kernel
def pull_elements(low, high, places):
    """Write the gradient of an ELU by what it returned; places = (y, dout, to)."""
    y, dout, dx = floats(places[0]), floats(places[1]), floats(places[2])
    for k in loop(low, high, LANES):
        v, d = load_first(y, k, high - k), load_first(dout, k, high - k)
        store_first(dx, k, lanes.select_above(v, d, d * (v + 1.0)), high - k)


@kernel
def multiply_rows(blocks, rows, call, out, work):
    """Write rows of a sparse matrix times a dense one, both with one head.

    call = (sizes, values, dense matrix, drop); the value of an edge lies at its number.
    """
    sizes, values, dense, drop = call
    shape = 1, sizes.width, sizes.step
    desk = desk_of(work, sizes, shape)
    cuts, indptr, i, begin, stop = start_of(rows, blocks)
    for block in loop(blocks[0], blocks[1]):
        while i < cuts[block + 1]:
            group = next_group(rows, i, begin, cuts[block + 1], sizes.ahead, stop, desk)
            begin, n = group.end, group.end - begin
            for e in loop(n):
                desk.s[e] = floats(values)[desk.numbers[e]]
            if drop[0]:
                walk.drop_weights(desk.s, sizes, n, drop, desk)
            _multiply_group(indptr, group, dense, shape, sizes.ahead, desk, out)
            if begin == indptr[group.k]:
                i = group.k


@part
def _multiply_group(indptr, group, dense, shape, ahead, desk, out):
    C = shape[2]
    table = floats(dense)
    for r in loop(group.i, group.k):
        start, m, is_fresh = span(indptr, group, r)
        if is_fresh:
            walk.clear(desk.o, C)
        walk.take(desk.s, start, m, 1, desk.w)
        others = after(desk.others, start)
        walk.weighted_sum(desk.w, 1, others, m, table, (1, C, C), ahead, desk.o)
        if carry(indptr, r, group.end, desk.o, C, desk.o_sums):
            walk.write(desk.o, shape, floats(out), r)
