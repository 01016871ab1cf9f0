"""Register tiles of matrix products, emitted as vector instructions."""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from sweepgd.kernels.llvm_vectors import INT64, Emitter, number


def product_tile(heights: tuple[int, ...], vectors: int, masked: bool = False) -> Callable[..., Any]:
    """Return a kernel function for c[i, j] = Σₖ a[i, k]·b[k, j], or c[i, j] += …, of 1 to `most_rows` rows i.

    Its arguments are the number of rows; flat arrays with a start and strides: a, start, stride of i, stride of k; b, start, stride of k; c, start,
    stride of i; the inner length (at least 1); the number of columns; and whether to add.
    """

    @intrinsic
    def tile(typing, rows, a, a_start, a_row, a_inner, b, b_start, b_inner, c, c_start, c_row, inner, width, add):
        def codegen(context, builder, signature, arguments):
            rows, array_a, a_start, a_row, a_inner, array_b, b_start, b_inner, array_c, c_start, c_row, inner, width, add = arguments
            emit = Emitter(context, builder, signature.args[1])
            a = emit.pointer(signature.args[1], array_a, a_start)
            b = emit.pointer(signature.args[5], array_b, b_start)
            c = emit.pointer(signature.args[8], array_c, c_start)
            emit_product_tiles(emit, heights, vectors, masked, rows, a, a_row, a_inner, b, b_inner, c, c_row, inner, width, add)
            return context.get_dummy_value()

        arguments = (rows, a, a_start, a_row, a_inner, b, b_start, b_inner, c, c_start, c_row, inner, width, add)
        return types.void(*arguments), codegen

    return tile


def emit_product_tiles(emit, heights, vectors, masked, rows, a, a_row, a_inner, b, b_inner, c, c_row, inner, width, add):
    builder = emit.builder
    mask = emit.below(width) if masked else None
    # The last vector ends at the last column, and may overlap the one before: both have the same sums.
    offsets = [number(v * emit.lanes) for v in range(vectors)]
    if vectors > 1:
        offsets[-1] = builder.sub(width, number(emit.lanes))
    done = builder.append_basic_block("done")
    cases = {count: builder.append_basic_block(f"rows_{count}") for count in heights}
    choice = builder.switch(rows, cases[heights[-1]])
    for count in heights[:-1]:
        choice.add_case(number(count), cases[count])
    for count, case in cases.items():
        builder.position_at_end(case)
        _emit_product_tile(emit, count, offsets, mask, a, a_row, a_inner, b, b_inner, c, c_row, inner, add)
        builder.branch(done)
    builder.position_at_end(done)


def _emit_product_tile(emit, rows, offsets, mask, a, a_row, a_inner, b, b_inner, c, c_row, inner, add):
    builder = emit.builder
    a_rows = [builder.gep(a, [builder.mul(a_row, number(i))]) for i in range(rows)]
    c_rows = [builder.gep(c, [builder.mul(c_row, number(i))]) for i in range(rows)]
    entry = builder.block
    old, loop, end = (builder.append_basic_block(name) for name in ("old", "inner", "end"))
    builder.cbranch(add, old, loop)
    builder.position_at_end(old)
    before = [[emit.load(row, offset, mask) for offset in offsets] for row in c_rows]
    builder.branch(loop)

    builder.position_at_end(loop)
    k = builder.phi(INT64)
    k.add_incoming(number(0), entry)
    k.add_incoming(number(0), old)
    sums = [[builder.phi(emit.vector) for _ in offsets] for _ in range(rows)]
    b_row = builder.gep(b, [builder.mul(k, b_inner)])
    b_vectors = [emit.load(b_row, offset, mask) for offset in offsets]
    for i in range(rows):
        factor = emit.splat(builder.load(builder.gep(a_rows[i], [builder.mul(k, a_inner)])))
        for v in range(len(offsets)):
            sums[i][v].add_incoming(emit.zero, entry)
            sums[i][v].add_incoming(before[i][v], old)
            sums[i][v].add_incoming(emit.multiply_add(factor, b_vectors[v], sums[i][v]), loop)
    following = builder.add(k, number(1))
    k.add_incoming(following, loop)
    builder.cbranch(builder.icmp_signed("<", following, inner), loop, end)

    builder.position_at_end(end)
    for i in range(rows):
        for v, offset in enumerate(offsets):
            emit.store(sums[i][v].incomings[2][0], c_rows[i], offset, mask)


def dots_kernel(rows: int, columns: int) -> Callable[..., Any]:
    """Return a kernel function for c[i, j] = Σₖ a[i, k]·b[j, k] of `rows` i and `columns` j, with vectors along k.

    Arguments are those of `tile_kernel`, but a and b each have a row stride and are contiguous along k.
    """

    @intrinsic
    def dots(typing, a, a_start, a_row, b, b_start, b_row, c, c_start, c_row, inner, add):
        def codegen(context, builder, signature, arguments):
            array_a, a_start, a_row, array_b, b_start, b_row, array_c, c_start, c_row, inner, add = arguments
            emit = Emitter(context, builder, signature.args[0])
            a = emit.pointer(signature.args[0], array_a, a_start)
            b = emit.pointer(signature.args[3], array_b, b_start)
            c = emit.pointer(signature.args[6], array_c, c_start)
            emit_dots(emit, rows, columns, a, a_row, b, b_row, c, c_row, inner, add)
            return context.get_dummy_value()

        arguments = (a, a_start, a_row, b, b_start, b_row, c, c_start, c_row, inner, add)
        return types.void(*arguments), codegen

    return dots


def emit_dots(emit, rows, columns, a, a_row, b, b_row, c, c_row, inner, add):
    builder = emit.builder
    a_rows = [builder.gep(a, [builder.mul(a_row, number(i))]) for i in range(rows)]
    b_rows = [builder.gep(b, [builder.mul(b_row, number(j))]) for j in range(columns)]
    whole = builder.and_(inner, number(-emit.lanes))

    def step(k, sums, mask):
        b_vectors = [emit.load(row, k, mask) for row in b_rows]
        stepped = []
        for i in range(rows):
            a_vector = emit.load(a_rows[i], k, mask)
            stepped.append([emit.multiply_add(a_vector, b_vectors[j], sums[i][j]) for j in range(columns)])
        return stepped

    entry = builder.block
    head, body, rest = (builder.append_basic_block(name) for name in ("head", "inner", "rest"))
    builder.branch(head)
    builder.position_at_end(head)
    k = builder.phi(INT64)
    k.add_incoming(number(0), entry)
    sums = [[builder.phi(emit.vector) for _ in range(columns)] for _ in range(rows)]
    builder.cbranch(builder.icmp_signed("<", k, whole), body, rest)
    builder.position_at_end(body)
    stepped = step(k, sums, None)
    for i in range(rows):
        for j in range(columns):
            sums[i][j].add_incoming(emit.zero, entry)
            sums[i][j].add_incoming(stepped[i][j], body)
    k.add_incoming(builder.add(k, number(emit.lanes)), body)
    builder.branch(head)

    builder.position_at_end(rest)
    last, end = builder.append_basic_block("last"), builder.append_basic_block("end")
    builder.cbranch(builder.icmp_signed("<", whole, inner), last, end)
    builder.position_at_end(last)
    masked = step(k, sums, emit.below(builder.sub(inner, whole)))
    builder.branch(end)
    builder.position_at_end(end)
    results = []
    for i in range(rows):
        for j in range(columns):
            result = builder.phi(emit.vector)
            result.add_incoming(sums[i][j], rest)
            result.add_incoming(masked[i][j], last)
            results.append(result)
    for first in range(0, len(results), emit.lanes):
        totals = emit.totals(results[first : first + emit.lanes])
        for sum_of in range(first, min(first + emit.lanes, len(results)), columns):
            i, j = divmod(sum_of, columns)
            lanes = range(sum_of - first, min(sum_of - first + columns, emit.lanes))
            c_at = builder.gep(c, [builder.mul(c_row, number(i))])
            part = emit.shuffle(totals, totals, list(lanes))
            old = emit.load_or_zero(add, c_at, number(j), part.type)
            emit.store(builder.fadd(part, old), c_at, number(j))
