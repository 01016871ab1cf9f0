"""Register tiles of matrix products, emitted as vector instructions, because LLVM does not find such tiles in nested loops."""

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.extending import intrinsic

from sweepgd.kernels.llvm_vectors import INT64, Emitter, element, number
from sweepgd.kernels.tile_shapes import TILES


def product_tile(
    heights: tuple[int, ...], vectors: int, masked: bool = False, vector_bytes: int = TILES.vector_bytes
) -> Callable[..., Any]:
    """Return a kernel function for a tile c[i, j] = Σₖ a[i, k]·b[k, j], or with `add` c[i, j] += …, of `rows` rows i.

    The function has these arguments in order: `rows`, which is one of the heights; a, its start, and its strides of i and k; b,
    its start, and its stride of k; c, its start, and its stride of i; the inner length, at least 1; the number of columns;
    `add`. a, b and c are flat arrays. The number of columns must need all `vectors` vectors (more than `vectors` − 1 full
    ones). If `masked`, the columns must fit in one vector.
    """

    @intrinsic
    def tile(typing, rows, a, a_start, a_row, a_inner, b, b_start, b_inner, c, c_start, c_row, inner, columns, add):
        def codegen(context, builder, signature, arguments):
            rows, a, a_start, a_row, a_inner, b, b_start, b_inner, c, c_start, c_row, inner, columns, add = arguments
            emit = Emitter(builder, signature.args[1].dtype, vector_bytes)
            a = element(context, builder, signature.args[1], a, a_start)
            b = element(context, builder, signature.args[5], b, b_start)
            c = element(context, builder, signature.args[8], c, c_start)
            emit_products(emit, heights, vectors, masked, rows, a, a_row, a_inner, b, b_inner, c, c_row, inner, columns, add)
            return context.get_dummy_value()

        arguments = (rows, a, a_start, a_row, a_inner, b, b_start, b_inner, c, c_start, c_row, inner, columns, add)
        return types.void(*arguments), codegen

    return tile


def emit_products(
    emit: Emitter, heights: tuple[int, ...], vectors: int, masked: bool, rows: Any,
    a: Any, a_row: Any, a_inner: Any, b: Any, b_inner: Any, c: Any, c_row: Any, inner: Any, columns: Any, add: Any,
) -> None:  # fmt: skip
    """Emit a loop for each height, and the choice of the loop for `rows`."""
    builder = emit.builder
    mask = emit.below(columns) if masked else None
    # The last vector ends at the last column. If it overlaps the previous vector, both store the same sums.
    offsets = [number(v * emit.lanes) for v in range(vectors)]
    if vectors > 1:
        offsets[-1] = builder.sub(columns, number(emit.lanes))
    end = builder.append_basic_block("end")
    cases = {height: builder.append_basic_block(f"rows_{height}") for height in heights}
    choice = builder.switch(rows, cases[heights[-1]])
    for height in heights[:-1]:
        choice.add_case(number(height), cases[height])
    for height, case in cases.items():
        builder.position_at_end(case)
        _emit_product(emit, height, offsets, mask, a, a_row, a_inner, b, b_inner, c, c_row, inner, add)
        builder.branch(end)
    builder.position_at_end(end)


def _emit_product(emit, rows, offsets, mask, a_start, a_row, a_inner, b_start, b_inner, c, c_row, inner, add):
    builder, entry = emit.builder, emit.builder.block
    stride = emit.opaque(a_row)
    row_offsets = [builder.mul(stride, number(i)) for i in range(rows)]
    before, loop, done = (builder.append_basic_block(name) for name in ("before", "inner", "done"))
    builder.cbranch(add, before, loop)
    builder.position_at_end(before)
    old = [[emit.load(row, offset, mask) for offset in offsets] for row in emit.rows(c, c_row, rows)]
    builder.branch(loop)

    builder.position_at_end(loop)
    sums = [[builder.phi(emit.vector) for _ in offsets] for _ in range(rows)]
    left, a, b = builder.phi(INT64), *(builder.phi(pointer.type) for pointer in (a_start, b_start))
    b_vectors = [emit.load(b, offset, mask) for offset in offsets]
    following: list[list[Any]] = [[] for _ in range(rows)]
    for i in range(rows):
        factor = emit.splat(builder.load(builder.gep(a, [row_offsets[i]])))
        for v, b_vector in enumerate(b_vectors):
            following[i].append(emit.multiply_add(factor, b_vector, sums[i][v]))
            sums[i][v].add_incoming(emit.zero, entry)
            sums[i][v].add_incoming(old[i][v], before)
            sums[i][v].add_incoming(following[i][v], loop)
    fewer = emit.opaque(builder.sub(left, number(1)))
    steps = ((left, inner, fewer), (a, a_start, builder.gep(a, [a_inner])), (b, b_start, builder.gep(b, [b_inner])))
    for phi, start, value in steps:
        phi.add_incoming(start, entry)
        phi.add_incoming(start, before)
        phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed(">", fewer, number(0)), loop, done)

    builder.position_at_end(done)
    # The addresses of c are computed after the loop, because before the loop they would take registers.
    for row, values in zip(emit.rows(c, c_row, rows), following, strict=True):
        for value, offset in zip(values, offsets, strict=True):
            emit.store(value, row, offset, mask)


def dots_tile(rows: int, columns: int) -> Callable[..., Any]:
    """Return a kernel function for a tile c[i, j] = Σₖ a[i, k]·b[j, k], or with `add` c[i, j] += …, of these sizes.

    Vectors run along k. The function has these arguments in order: a, its start, and its stride of i; b, its start, and its
    stride of j; c, its start, and its stride of i; the inner length; `add`. a, b and c are flat arrays, and a and b are
    contiguous along k.
    """

    @intrinsic
    def dots(typing, a, a_start, a_row, b, b_start, b_row, c, c_start, c_row, inner, add):
        def codegen(context, builder, signature, arguments):
            a, a_start, a_row, b, b_start, b_row, c, c_start, c_row, inner, add = arguments
            emit = Emitter(builder, signature.args[0].dtype)
            a = element(context, builder, signature.args[0], a, a_start)
            b = element(context, builder, signature.args[3], b, b_start)
            c = element(context, builder, signature.args[6], c, c_start)
            emit_dots(emit, rows, columns, a, a_row, b, b_row, c, c_row, inner, add)
            return context.get_dummy_value()

        arguments = (a, a_start, a_row, b, b_start, b_row, c, c_start, c_row, inner, add)
        return types.void(*arguments), codegen

    return dots


def emit_dots(
    emit: Emitter, rows: int, columns: int,
    a: Any, a_row: Any, b: Any, b_row: Any, c: Any, c_row: Any, inner: Any, add: Any,
) -> None:  # fmt: skip
    """Emit the loop over whole vectors of k, the masked step for the remaining k, and the sums over lanes."""
    builder, entry = emit.builder, emit.builder.block
    a_rows = emit.rows(a, a_row, rows)
    b_rows = emit.rows(b, b_row, columns)
    pairs = [(i, j) for i in range(rows) for j in range(columns)]
    whole = builder.and_(inner, number(-emit.lanes))

    def step(k: Any, sums: list[Any], mask: Any) -> list[Any]:
        b_vectors = [emit.load(row, k, mask) for row in b_rows]
        a_vectors = [emit.load(row, k, mask) for row in a_rows]
        return [emit.multiply_add(a_vectors[i], b_vectors[j], total) for (i, j), total in zip(pairs, sums, strict=True)]

    loop, rest, last, end = (builder.append_basic_block(name) for name in ("inner", "rest", "last", "end"))
    builder.cbranch(builder.icmp_signed("<", number(0), whole), loop, rest)
    builder.position_at_end(loop)
    k, sums = builder.phi(INT64), [builder.phi(emit.vector) for _ in pairs]
    following, next_k = step(k, sums, None), builder.add(k, number(emit.lanes))
    for phi, value in zip((k, *sums), (next_k, *following), strict=True):
        phi.add_incoming(number(0) if phi is k else emit.zero, entry)
        phi.add_incoming(value, loop)
    builder.cbranch(builder.icmp_signed("<", next_k, whole), loop, rest)

    builder.position_at_end(rest)
    wholes = [emit.either(emit.zero, entry, value, loop) for value in following]
    builder.cbranch(builder.icmp_signed("<", whole, inner), last, end)
    builder.position_at_end(last)
    masked = step(whole, wholes, emit.below(builder.sub(inner, whole)))
    builder.branch(end)
    builder.position_at_end(end)
    totals = [emit.either(total, rest, value, last) for total, value in zip(wholes, masked, strict=True)]
    for first in range(0, len(totals), emit.lanes):
        sums_of_lanes = emit.totals(totals[first : first + emit.lanes])
        for start in range(first, min(first + emit.lanes, len(totals)), columns):
            i, j = divmod(start, columns)
            lanes = list(range(start - first, min(start - first + columns, emit.lanes)))
            address = builder.gep(c, [builder.mul(c_row, number(i))])
            part = emit.shuffle(sums_of_lanes, sums_of_lanes, lanes)
            old = emit.load_or_zero(add, address, number(j), part.type)
            emit.store(builder.fadd(part, old), address, number(j))
