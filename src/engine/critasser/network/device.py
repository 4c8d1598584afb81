"""Choose the device that networks run on, and 16-bit arithmetic where it is good at that."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TypeVar

import torch

from critasser.errors import InputError

__all__ = ["autocast", "choose_device", "short_type", "within_memory"]

Result = TypeVar("Result")


def choose_device(name: str) -> torch.device:
    """The device for ``auto``, ``cpu`` or ``cuda``.

    Raises
    ------
    InputError
        A GPU was asked for and there is none.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError(
            "no GPU that torch can use here; run with --device cpu, or install the torch build "
            "for your GPU (see the README)"
        )
    return torch.device("cuda" if available and name in ("auto", "cuda") else "cpu")


def short_type(device: torch.device) -> torch.dtype | None:
    """The 16-bit type that a device computes in faster than in float32, None without.

    A processor without instructions for bfloat16 emulates them, fifty times slower.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if device.type == "cpu":
        # Private names: where a torch has them no more, float32 is right if slower.
        tests = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        if any(getattr(torch.cpu, name, bool)() for name in tests):
            return torch.bfloat16
    return None


def autocast(
    device: torch.device, *, training: bool = False
) -> contextlib.AbstractContextManager[object]:
    """16-bit arithmetic where the device is good at it.

    In `training` float16 is not used: small gradients are zero in it.
    """
    short = short_type(device)
    if short is None or (training and short == torch.float16):
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=short)


def within_memory(work: Callable[[], Result], what: str, device: torch.device) -> Result:
    """Do what may need too much memory, of which torch has several ways to complain.

    Raises
    ------
    MemoryError
        It does; `what` does not fit on the device.
    """
    try:
        return work()
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "memory" not in str(error).lower():
            raise
    # Outside the handler, which holds on to all that the failed work had allocated.
    if device.type == "cuda":
        torch.cuda.empty_cache()
    raise MemoryError(f"{what} does not fit on {device}")
