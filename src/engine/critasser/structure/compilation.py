"""How numba kernels are compiled: functions that only kernels call, and arrays lent to kernels.

Reading an array out of a tuple counts a reference and lets go of it, each time; in an inner loop
that takes longer than the work. A kernel that Python calls borrows its tuples as a whole: whoever
calls it holds them until it returns.
"""

from __future__ import annotations

from numba import njit, types
from numba.extending import intrinsic

__all__ = ["borrowed", "inlined", "within_kernels"]

within_kernels = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")
"""Compiles a function that only kernels call: there is no way to it from Python, and it is kept in
the cache with those that call it."""

inlined = njit(
    forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy"
)
"""The same for one that is put where it is called: passing tuples costs more than an inner loop."""


def _without_owner(context, builder, kind, value):
    """The same value with no array in it that owns memory."""
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = array.meminfo.type(None)
        return array._getvalue()
    if isinstance(kind, types.BaseTuple):
        for k, part in enumerate(kind):
            lent = _without_owner(context, builder, part, builder.extract_value(value, k))
            value = builder.insert_value(value, lent, k)
    return value


@intrinsic
def borrowed(typingctx, value):
    """An array, or a tuple of arrays, to which no references are counted; for use within kernels.

    It must not outlive the call of the kernel that was given the original.
    """

    def lend(context, builder, signature, arguments):
        return _without_owner(context, builder, signature.args[0], arguments[0])

    return value(value), lend
