"""Register tiles of matrix products, emitted as vector instructions."""

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.extending import intrinsic

from sweepgd.kernels.llvm_vectors import INT64, Emitter, number


def tile_kernel(rows: int, vectors: int, add: bool, masked: bool = False) -> Callable[..., Any]:
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


def dots_kernel(rows: int, columns: int) -> Callable[..., Any]:
    """Return a kernel function for c[i, j] = Σₖ a[i, k]·b[j, k] of `rows` i and `columns` j, with vectors along k.

    Arguments are those of `tile_kernel`, but a and b each have a row stride and are contiguous along k.
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
