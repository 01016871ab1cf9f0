"""Matrix products in register tiles; most of the time of a small training step is spent here.

A tile of `rows` × `vectors` accumulators stays in vector registers during the loop over the inner dimension, so that each
loaded vector is used `rows` times. LLVM does not do this by itself for nested loops. Tiles are therefore emitted as vector
instructions; everything around them is ordinary kernel code.

Measured on one core of an AVX-512 machine (peak 118 GFLOP/s), float32, against np.dot with SciPy's OpenBLAS: 8×784 by 784×512
runs at 111 GFLOP/s instead of 36, 32×512 by 512×512 at 114 instead of 72, 1024×512 by 512×512 at 109 instead of 105.
"""

from collections.abc import Callable

import numpy as np
from numba.core import types
from numba.extending import intrinsic

from sweepgd.kernels.policy import config, helper
from sweepgd.kernels.vectors import INT64, VECTOR_BYTES, Emitter, number


def _tile(rows: int, vectors: int, add: bool, masked: bool = False) -> Callable:
    """Return a kernel function for c[i, j] = Σₖ a[i, k]·b[k, j], or with `add` c[i, j] += …, of `rows` i and `vectors` of j.

    Its arguments are flat arrays with a start and strides: a, start, stride of i, stride of k; b, start, stride of k; c, start,
    stride of i; the inner length (at least 1); and the number of lanes in use, which counts only if `masked`.
    """

    @intrinsic
    def tile(typing, a, a_start, a_row, a_inner, b, b_start, b_inner, c, c_start, c_row, inner, lanes):
        def codegen(context, builder, signature, arguments):
            array_a, a_start, a_row, a_inner, array_b, b_start, b_inner, array_c, c_start, c_row, inner, lanes = arguments
            emit = Emitter(context, builder, signature.args[0])
            mask = emit.below(lanes) if masked else None
            a = emit.pointer(signature.args[0], array_a, a_start)
            b = emit.pointer(signature.args[4], array_b, b_start)
            c = emit.pointer(signature.args[7], array_c, c_start)
            a_rows = [builder.gep(a, [builder.mul(a_row, number(i))]) for i in range(rows)]
            c_rows = [builder.gep(c, [builder.mul(c_row, number(i))]) for i in range(rows)]
            offsets = [number(v * emit.lanes) for v in range(vectors)]
            before = [[emit.load(row, offset, mask) if add else emit.zero for offset in offsets] for row in c_rows]

            entry, loop, end = builder.block, builder.append_basic_block("inner"), builder.append_basic_block("done")
            builder.branch(loop)
            builder.position_at_end(loop)
            k = builder.phi(INT64)
            k.add_incoming(number(0), entry)
            sums = [[builder.phi(emit.vector) for _ in range(vectors)] for _ in range(rows)]
            b_row = builder.gep(b, [builder.mul(k, b_inner)])
            b_vectors = [emit.load(b_row, offset, mask) for offset in offsets]
            for i in range(rows):
                factor = emit.splat(builder.load(builder.gep(a_rows[i], [builder.mul(k, a_inner)])))
                for v in range(vectors):
                    sums[i][v].add_incoming(before[i][v], entry)
                    sums[i][v].add_incoming(emit.multiply_add(factor, b_vectors[v], sums[i][v]), loop)
            following = builder.add(k, number(1))
            k.add_incoming(following, loop)
            builder.cbranch(builder.icmp_signed("<", following, inner), loop, end)

            builder.position_at_end(end)
            for i in range(rows):
                for v in range(vectors):
                    emit.store(sums[i][v].incomings[1][0], c_rows[i], offsets[v], mask)
            return context.get_dummy_value()

        arguments = (a, a_start, a_row, a_inner, b, b_start, b_inner, c, c_start, c_row, inner, lanes)
        return types.void(*arguments), codegen

    return tile


def _dots(rows: int, columns: int) -> Callable:
    """Return a kernel function for c[i, j] = Σₖ a[i, k]·b[j, k] of `rows` i and `columns` j, with vectors along k.

    Arguments are those of `_tile`, but a and b each have a row stride and are contiguous along k.
    """

    @intrinsic
    def dots(typing, a, a_start, a_row, b, b_start, b_row, c, c_start, c_row, inner):
        def codegen(context, builder, signature, arguments):
            array_a, a_start, a_row, array_b, b_start, b_row, array_c, c_start, c_row, inner = arguments
            emit = Emitter(context, builder, signature.args[0])
            a = emit.pointer(signature.args[0], array_a, a_start)
            b = emit.pointer(signature.args[3], array_b, b_start)
            c = emit.pointer(signature.args[6], array_c, c_start)
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
            head, body = builder.append_basic_block("head"), builder.append_basic_block("inner")
            end = builder.append_basic_block("rest")
            builder.branch(head)
            builder.position_at_end(head)
            k = builder.phi(INT64)
            k.add_incoming(number(0), entry)
            sums = [[builder.phi(emit.vector) for _ in range(columns)] for _ in range(rows)]
            builder.cbranch(builder.icmp_signed("<", k, whole), body, end)
            builder.position_at_end(body)
            stepped = step(k, sums, None)
            for i in range(rows):
                for j in range(columns):
                    sums[i][j].add_incoming(emit.zero, entry)
                    sums[i][j].add_incoming(stepped[i][j], body)
            k.add_incoming(builder.add(k, number(emit.lanes)), body)
            builder.branch(head)

            builder.position_at_end(end)
            rest = step(k, sums, emit.below(builder.sub(inner, whole)))
            sums = [total for row in rest for total in row]
            for first in range(0, len(sums), emit.lanes):
                totals = emit.totals(sums[first : first + emit.lanes])
                for sum_of in range(first, min(first + emit.lanes, len(sums)), columns):
                    i, j = divmod(sum_of, columns)
                    lanes = range(sum_of - first, min(sum_of - first + columns, emit.lanes))
                    c_at = builder.gep(c, [builder.mul(c_row, number(i))])
                    emit.store(emit.shuffle(totals, totals, list(lanes)), c_at, number(j))
            return context.get_dummy_value()

        arguments = (a, a_start, a_row, b, b_start, b_row, c, c_start, c_row, inner)
        return types.void(*arguments), codegen

    return dots


_dots_4x4, _dots_4x1, _dots_1x16, _dots_1x1 = _dots(4, 4), _dots(4, 1), _dots(1, 16), _dots(1, 1)


def _block(add: bool) -> Callable:
    """Return a kernel function for c = a·b, or with `add` c += a·b, in tiles row by row; b and c have row strides."""
    tile_4x4, tile_4x1, tail_4x1 = _tile(4, 4, add), _tile(4, 1, add), _tile(4, 1, add, masked=True)
    tile_1x4, tile_1x1, tail_1x1 = _tile(1, 4, add), _tile(1, 1, add), _tile(1, 1, add, masked=True)

    @helper
    def block(a, a_start, a_row, a_inner, b, b_start, b_row, c, c_start, c_row, rows, inner, columns):
        lanes = VECTOR_BYTES // a.itemsize
        i = 0
        while i < rows:
            at_a, at_c = a_start + i * a_row, c_start + i * c_row
            j = 0
            if i + 4 <= rows:
                while j + 4 * lanes <= columns:
                    tile_4x4(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, lanes)
                    j += 4 * lanes
                while j + lanes <= columns:
                    tile_4x1(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, lanes)
                    j += lanes
                if j < columns:
                    tail_4x1(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, columns - j)
                i += 4
            else:
                while j + 4 * lanes <= columns:
                    tile_1x4(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, lanes)
                    j += 4 * lanes
                while j + lanes <= columns:
                    tile_1x1(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, lanes)
                    j += lanes
                if j < columns:
                    tail_1x1(a, at_a, a_row, a_inner, b, b_start + j, b_row, c, at_c + j, c_row, inner, columns - j)
                i += 1

    return block


_multiply_block, _add_block = _block(add=False), _block(add=True)

# A right-hand matrix of more than CACHED_BYTES is split into panels of PANEL_ROWS rows and the columns of one tile. A panel of
# 64 KiB stays in the second-level cache for all rows of the left-hand matrix: 111 GFLOP/s instead of 99, 1024×784 by 784×512.
CACHED_BYTES, PANEL_ROWS = 1 << 19, 256


@helper
def multiply_add(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns):
    """c ← c + a·b, with the arguments of `multiply`."""
    if inner * columns * b.itemsize <= CACHED_BYTES:
        _add_block(a, a_start, a_row, a_inner, b, b_start, columns, c, c_start, columns, rows, inner, columns)
        return
    width = 4 * (VECTOR_BYTES // a.itemsize)
    for k in range(0, inner, PANEL_ROWS):
        at_a, at_b, panel_rows = a_start + k * a_inner, b_start + k * columns, min(PANEL_ROWS, inner - k)
        for j in range(0, columns, width):
            _add_block(
                a, at_a, a_row, a_inner, b, at_b + j, columns, c, c_start + j, columns,
                rows, panel_rows, min(width, columns - j),
            )  # fmt: skip


@helper
def multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns):
    """c ← a·b, (rows, columns), from flat arrays: b and c are row-major from their starts, a has strides a_row and a_inner.

    With a_row = 1 and a_inner = rows, a is the transpose of a row-major matrix.
    """
    if inner * columns * b.itemsize <= CACHED_BYTES:
        _multiply_block(a, a_start, a_row, a_inner, b, b_start, columns, c, c_start, columns, rows, inner, columns)
        return
    c[c_start : c_start + rows * columns] = 0
    multiply_add(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns)


@helper
def multiply_transposed(a, a_start, b, b_start, c, c_start, rows, inner, columns):
    """c ← a·bᵀ, (rows, columns), from flat row-major arrays: a is (rows, inner), b is (columns, inner)."""
    i = 0
    while i < rows:
        at_a, at_c = a_start + i * inner, c_start + i * columns
        j = 0
        if i + 4 <= rows:
            while j + 4 <= columns:
                _dots_4x4(a, at_a, inner, b, b_start + j * inner, inner, c, at_c + j, columns, inner)
                j += 4
            while j < columns:
                _dots_4x1(a, at_a, inner, b, b_start + j * inner, inner, c, at_c + j, columns, inner)
                j += 1
            i += 4
        else:
            while j + 16 <= columns:
                _dots_1x16(a, at_a, inner, b, b_start + j * inner, inner, c, at_c + j, columns, inner)
                j += 16
            while j < columns:
                _dots_1x1(a, at_a, inner, b, b_start + j * inner, inner, c, at_c + j, columns, inner)
                j += 1
            i += 1


def _multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns):
    left = a[a_start + a_row * np.arange(rows)[:, None] + a_inner * np.arange(inner)]
    right = b[b_start : b_start + inner * columns].reshape(inner, columns)
    c[c_start : c_start + rows * columns] = (left @ right).ravel()


def _multiply_add(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns):
    before = c[c_start : c_start + rows * columns].copy()
    _multiply(a, a_start, a_row, a_inner, b, b_start, c, c_start, rows, inner, columns)
    c[c_start : c_start + rows * columns] += before


def _multiply_transposed(a, a_start, b, b_start, c, c_start, rows, inner, columns):
    left = a[a_start : a_start + rows * inner].reshape(rows, inner)
    right = b[b_start : b_start + columns * inner].reshape(columns, inner)
    c[c_start : c_start + rows * columns] = (left @ right.T).ravel()


if config.DISABLE_JIT:  # tiles are vector instructions and need the compiler
    multiply, multiply_add, multiply_transposed = _multiply, _multiply_add, _multiply_transposed
