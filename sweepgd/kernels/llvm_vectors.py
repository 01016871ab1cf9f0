"""Emit vector instructions that LLVM's vectorizer does not find, for one floating-point type."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.np.arrayobj import make_array

from sweepgd.kernels.tile_shapes import TILES

INT32, INT64 = ir.IntType(32), ir.IntType(64)


def number(value: int) -> Any:
    """Return an int64 constant."""
    return ir.Constant(INT64, value)


def call(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """Emit a call of an LLVM intrinsic, and return its result."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def element(context: Any, builder: Any, kind: Any, array: Any, offset: Any) -> Any:
    """Return the address of element `offset` of a C-contiguous array of type `kind`."""
    return builder.gep(make_array(kind)(context, builder, array).data, [offset])


class Emitter:
    """Emits vector instructions for arrays of one floating-point type into the kernel that is being compiled."""

    def __init__(self, builder: Any, real: Any, vector_bytes: int = TILES.vector_bytes) -> None:
        """`real` is Numba's type of the numbers, float32 or float64."""
        single = real == types.float32
        self.builder = builder
        self.real = ir.FloatType() if single else ir.DoubleType()
        self.bytes = 4 if single else 8
        self.lanes = vector_bytes // self.bytes
        self.vector = ir.VectorType(self.real, self.lanes)
        self.suffix = f"v{self.lanes}f{8 * self.bytes}"
        self.zero = self.constant(0.0)

    def constant(self, value: float) -> Any:
        """Return a vector with a constant in every lane."""
        return ir.Constant(self.vector, [value] * self.lanes)

    def call(self, name: str, result: Any, arguments: list[Any]) -> Any:
        """Emit a call of an LLVM intrinsic, and return its result."""
        return call(self.builder, name, result, *arguments)

    def rows(self, pointer: Any, stride: Any, count: int) -> list[Any]:
        """Return the addresses of `count` rows, `stride` numbers apart."""
        stride = self.opaque(stride)
        return [self.builder.gep(pointer, [self.builder.mul(stride, number(i))]) for i in range(count)]

    def opaque(self, value: Any) -> Any:
        """Return the same integer through an empty assembly instruction, so that LLVM knows nothing about its value.

        LLVM then does not move computations with this integer out of an outer loop, and does not unroll a loop that counts with
        it. Otherwise LLVM would compute the offsets of all tiles and of all unrolled steps in advance, and the processor has
        too few registers for these offsets.
        """
        same = ir.InlineAsm(ir.FunctionType(value.type, [value.type]), "", "=r,0", side_effect=True)
        return self.builder.call(same, [value])

    def load(self, pointer: Any, offset: Any, mask: Any = None) -> Any:
        """Return the vector at an address. Lanes outside of the mask are zero."""
        address = self._vector_at(pointer, offset, self.vector)
        if mask is None:
            return self.builder.load(address, align=self.bytes)
        name = f"llvm.masked.load.{self.suffix}.p0"
        return self.call(name, self.vector, [address, ir.Constant(INT32, self.bytes), mask, self.zero])

    def store(self, value: Any, pointer: Any, offset: Any, mask: Any = None) -> None:
        """Store a vector of any length at an address. With a mask, store only the lanes inside the mask."""
        address = self._vector_at(pointer, offset, value.type)
        if mask is None:
            self.builder.store(value, address, align=self.bytes)
            return
        name = f"llvm.masked.store.{self.suffix}.p0"
        self.call(name, ir.VoidType(), [value, address, ir.Constant(INT32, self.bytes), mask])

    def load_or_zero(self, condition: Any, pointer: Any, offset: Any, kind: Any) -> Any:
        """Return the vector of type `kind` at an address if the condition is true, or else zeros."""
        builder, zero = self.builder, ir.Constant(kind, None)
        before = builder.block
        with builder.if_then(condition):
            loaded = builder.load(self._vector_at(pointer, offset, kind), align=self.bytes)
            inside = builder.block
        return self.either(zero, before, loaded, inside)

    def either(self, x: Any, from_x: Any, y: Any, from_y: Any) -> Any:
        """Return x after a jump from `from_x`, and y after a jump from `from_y`."""
        phi = self.builder.phi(x.type)
        phi.add_incoming(x, from_x)
        phi.add_incoming(y, from_y)
        return phi

    def _vector_at(self, pointer: Any, offset: Any, kind: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(pointer, [offset]), kind.as_pointer())

    def splat(self, scalar: Any) -> Any:
        """Return a vector with a scalar in every lane."""
        undefined = ir.Constant(ir.VectorType(scalar.type, self.lanes), ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, ir.Constant(INT32, 0))
        return self.shuffle(first, undefined, [0] * self.lanes)

    def shuffle(self, x: Any, y: Any, lanes: list[int]) -> Any:
        """Return a vector of the chosen lanes of x followed by y."""
        return self.builder.shuffle_vector(x, y, ir.Constant(ir.VectorType(INT32, len(lanes)), lanes))

    def below(self, count: Any) -> Any:
        """Return a mask of the first `count` lanes."""
        numbers = ir.Constant(ir.VectorType(INT64, self.lanes), list(range(self.lanes)))
        return self.builder.icmp_signed("<", numbers, self.splat(count))

    def multiply_add(self, x: Any, y: Any, z: Any) -> Any:
        """Return x·y + z. If the processor has an instruction for this, the result is rounded once. Otherwise two instructions
        are used.

        On a processor without the instruction, `llvm.fma` would call the C library for each lane, and the digits sweep would
        take 28 times as long.
        """
        return self.call(f"llvm.fmuladd.{self.suffix}", self.vector, [x, y, z])

    def totals(self, vectors: list[Any]) -> Any:
        """Return a vector whose lane i is the sum of the lanes of `vectors[i]`.

        The number of vectors is at most the number of lanes. Pairs of vectors are combined until one vector is left. For 16
        sums of 16 lanes, this method takes 45 instructions instead of 128.
        """
        vectors = vectors + [self.zero] * (self.lanes - len(vectors))
        width = self.lanes
        while len(vectors) > 1:
            half = width // 2
            lower = [start + lane for start in range(0, self.lanes, width) for lane in range(half)]
            lower += [self.lanes + lane for lane in lower]
            upper = [lane + half for lane in lower]
            vectors = [
                self.builder.fadd(self.shuffle(x, y, lower), self.shuffle(x, y, upper))
                for x, y in zip(vectors[::2], vectors[1::2], strict=True)
            ]
            width = half
        return vectors[0]
