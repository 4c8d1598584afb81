"""How numba kernels are compiled: functions that only kernels call, and tuples lent to kernels.

Passing a tuple of arrays passes every number of every array, and reading an array out of it counts
a reference and lets go of it, each time: in an inner loop that takes longer than the work, and
everywhere it takes long to compile. A kernel that Python calls lends its tuples to the functions
that it calls: these are told where the tuple is. Whoever calls the kernel holds the arrays until it
returns.
"""

from __future__ import annotations

from llvmlite import ir
from numba import _dynfunc, njit, types
from numba.core import cgutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.extending import infer_getattr, intrinsic, lower_getattr_generic, register_model

__all__ = ["allocating", "borrowed", "inlined", "within_kernels"]


class _Part(JITCodeLibrary):
    """What a function compiles to that only kernels call.

    It is optimised and made machine code with each kernel that calls it; numba would do so for the
    function by itself before, again for each function that calls it, and use the last alone.
    """

    def finalize(self):
        """Put together all that it calls."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalize_dynamic_globals()
        self._finalized = True


class _PartCompiler(Compiler):
    """Compiles a function to a `_Part`."""

    def compile_extra(self, func):
        """Compile a function of Python; numba is given a way in from Python that leads nowhere."""
        context = self.state.targetctx
        self.state.flags.no_compile = True
        self.state.library = _Part(context.codegen(), func.__qualname__)
        self.state.library.enable_object_caching()
        made = super().compile_extra(func)
        way_in = _dynfunc.make_function(
            made.fndesc.lookup_module(), func.__name__, func.__doc__ or "", 0, made.environment,
            (made.library,),
        )  # fmt: skip
        context.insert_user_function(way_in, made.fndesc, [made.library])
        return made._replace(entry_point=way_in)


_SHARED = {
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "error_model": "numpy",
    "pipeline_class": _PartCompiler,
}

allocating = njit(**_SHARED)
"""Compiles a function that only kernels call and that makes, or returns, arrays: there is no way to
it from Python, and it is kept in the cache with those that call it."""

within_kernels = njit(_nrt=False, **_SHARED)
"""The same for one that makes and returns none: no references are counted."""

inlined = njit(forceinline=True, _nrt=False, **_SHARED)
"""The same for one that is put where it is called, as in inner loops."""


class _Lent(types.Type):
    """Where a tuple of arrays is. Its fields are read as those of the tuple."""

    def __init__(self, kind):
        self.kind = kind
        super().__init__(name=f"Lent({kind})")


@register_model(_Lent)
class _LentModel(models.OpaqueModel):
    """A pointer."""


def _lent(kind):
    return _Lent(kind) if isinstance(kind, types.BaseNamedTuple) else kind


@infer_getattr
class _LentFields(AttributeTemplate):
    """Types of the fields; a tuple in a tuple is lent too."""

    key = _Lent

    def generic_resolve(self, lent, name):
        """Type of a field."""
        if name in lent.kind.fields:
            return _lent(lent.kind[lent.kind.fields.index(name)])
        return None


@lower_getattr_generic(_Lent)
def _read_field(context, builder, lent, value, name):
    """Read a field; nobody writes to a tuple, so that what was read once need not be again."""
    kind = lent.kind
    index = kind.fields.index(name)
    whole = builder.bitcast(value, context.get_data_type(kind).as_pointer())
    zero = ir.Constant(ir.IntType(32), 0)
    place = builder.gep(whole, [zero, ir.Constant(ir.IntType(32), index)], inbounds=True)
    if isinstance(kind[index], types.BaseNamedTuple):
        return builder.bitcast(place, context.get_value_type(_lent(kind[index])))
    field = builder.load(place)
    field.set_metadata("invariant.load", builder.module.add_metadata([]))
    field = context.data_model_manager[kind[index]].from_data(builder, field)
    return _without_owner(context, builder, kind[index], field)


def _without_owner(context, builder, kind, value):
    """The same, an array with nothing in it that owns memory: no references are counted to it."""
    if not isinstance(kind, types.Array):
        return value
    array = context.make_array(kind)(context, builder, value)
    array.meminfo = array.meminfo.type(None)
    return array._getvalue()


@intrinsic
def borrowed(typingctx, value):
    """An array, or a named tuple, to which no references are counted; for use within kernels.

    It must not outlive the call of the kernel that was given the original.
    """

    def lend(context, builder, signature, arguments):
        (kind,), (given,) = signature.args, arguments
        if not isinstance(kind, types.BaseNamedTuple):
            return _without_owner(context, builder, kind, given)
        model = context.data_model_manager[kind]
        place = cgutils.alloca_once(builder, model.get_data_type())
        builder.store(model.as_data(builder, given), place)
        return builder.bitcast(place, context.get_value_type(signature.return_type))

    return _lent(value)(value), lend
