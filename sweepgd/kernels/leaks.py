"""Where a float32 kernel calculates in float64, found in the types that Numba infers.

A float64 number beside a float32 one makes the result float64: a loop over parameters then widens, calculates and narrows
again, at half the vector's width or less.
"""

import linecache
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numba
from numba.core import ir, types
from numba.core.analysis import compute_cfg_from_blocks
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.typed_passes import NopythonTypeInference

from sweepgd.kernels.policy import FLAGS
from sweepgd.kernels.signatures import signatures

OWN = Path(__file__).parents[1]


class Leak(NamedTuple):
    """A line of a loop in which float32 numbers become float64."""

    file: str
    line: int

    @property
    def text(self) -> str:
        """The line as it is written."""
        return linecache.getline(self.file, self.line).strip()


class _Typed(Exception):
    """Ends a compilation once types are known."""


@register_pass(mutates_CFG=False, analysis_only=True)
class _EndAfterTypes(AnalysisPass):
    _name = "sweepgd_end_after_types"

    def __init__(self) -> None:
        super().__init__()

    def run_pass(self, state: Any) -> bool:
        raise _Typed(state.func_ir, state.typemap, state.calltypes)


class _TypesOnly(CompilerBase):
    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_EndAfterTypes, NopythonTypeInference)
        passes.finalize()
        return [passes]


def leaks(kind: str, function: Callable) -> list[Leak]:
    """Where a kernel compiled for float32 leaks, by line; also in the helpers of its package that its loops call."""
    return sorted(set(_leaks(function, signatures("float32")[kind].numba, whole=False, seen=set())))


def _leaks(function: Callable, signature: Any, *, whole: bool, seen: set[Any]) -> Iterator[Leak]:
    """`whole` says that all of the function runs inside of a loop."""
    key = (function, signature.args if hasattr(signature, "args") else signature, whole)
    if key in seen:
        return
    seen.add(key)
    try:
        numba.njit(signature, pipeline_class=_TypesOnly, **FLAGS)(function)
    except _Typed as typed:
        program, kinds, calls = typed.args
    except Exception:  # of many types; whether it compiles at all is for another check
        return
    graph = compute_cfg_from_blocks(program.blocks)
    looped = {label for loop in graph.loops().values() for label in loop.body}
    for label, block in program.blocks.items():
        inside = whole or label in looped
        for statement in block.find_insts(ir.Assign):
            value = statement.value
            if not isinstance(value, ir.Expr) or value not in calls:
                continue
            called = kinds[value.func.name] if value.op == "call" else None
            if isinstance(called, types.Dispatcher):
                if not Path(called.dispatcher.py_func.__code__.co_filename).is_relative_to(OWN):
                    yield from _leaks(called.dispatcher.py_func, calls[value].args, whole=inside, seen=seen)
                continue
            given = [kinds[variable.name] for variable in _operands(value)]
            result = kinds[statement.target.name]
            array = any(isinstance(kind, types.Array) for kind in given)
            if (inside or array) and _widens(given, result) and not _is_meant(statement, program, kinds):
                yield Leak(statement.loc.filename, statement.loc.line)


def _operands(value: Any) -> list[ir.Var]:
    if value.op in ("binop", "inplace_binop"):
        return [value.lhs, value.rhs]
    return list(value.args) if value.op == "call" and not value.kws else []


def _widens(given: list[Any], result: Any) -> bool:
    """Whether float32 beside another number, or beside arrays of them, becomes float64."""
    reals = [getattr(kind, "dtype", kind) for kind in given]
    return len(reals) > 1 and types.float32 in reals and getattr(result, "dtype", result) == types.float64


def _is_meant(statement: ir.Assign, program: Any, kinds: dict[str, Any]) -> bool:
    """Whether float64 is asked for: a sum kept in it, or an operand that np.float64 or float made of another."""
    for operand in _operands(statement.value):
        if kinds[operand.name] != types.float64:
            continue
        if any(operand.unversioned_name == target for target in _stored(statement.target, program)):
            return True
        made = program.get_definition(operand) if len(program._definitions[operand.name]) == 1 else None
        if isinstance(made, ir.Expr) and made.op == "call" and isinstance(kinds[made.func.name], types.NumberClass):
            return True
    return False


def _stored(target: ir.Var, program: Any) -> Iterator[str]:
    """The names that a value is given: its own, and those of variables that it is copied to."""
    yield target.unversioned_name
    for block in program.blocks.values():
        for statement in block.find_insts(ir.Assign):
            if isinstance(statement.value, ir.Var) and statement.value.name == target.name:
                yield statement.target.unversioned_name
