"""Which build of torch suits a machine.

The wheels of pytorch.org come in one index for each version of CUDA. A driver runs builds for its
own version of CUDA and for older ones; since CUDA 12 any build of the same major version. GPUs
older than Turing (compute capability 7.5) are only in the builds for CUDA 12.6 and 11.8, those
from Blackwell (10.0) on only in 12.8 and newer.
Source: "PyTorch CUDA Support Matrix" in RELEASE.md of pytorch/pytorch, releases 2.6 to 2.13.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ..session.platforms import run_quietly

__all__ = ["BUILDS", "COMMON_BUILD", "Build", "Gpu", "choose_build", "find_gpu", "gpu_from"]

BUILDS = ("cpu", "cu118", "cu126", "cu128", "cu130")
"""Builds with an index of their own."""

COMMON_BUILD = {
    "win32": "on the common index a build that uses no GPU",
    "linux": "on the common index one with CUDA, 3 GB larger",
}
"""What is taken where pytorch.org does not answer, for people."""

_INDEX = "https://download.pytorch.org/whl/"

# Bytes on disk while packages are being unpacked: downloads, their contents, and pip's cache.
_ROOM = {"cpu": 3.5e9, "mac": 3.5e9, "cuda": 14e9}


@dataclass(frozen=True)
class Gpu:
    """A GPU of NVIDIA, as its driver tells.

    Attributes
    ----------
    name : str
    cuda : tuple of int
        Newest version of CUDA that the driver runs.
    capability : float
        Compute capability, 7.5 for Turing; 0 where an old driver does not tell.
    """

    name: str
    cuda: tuple[int, int]
    capability: float


@dataclass(frozen=True)
class Build:
    """A build of torch.

    Attributes
    ----------
    name : str
        One of `BUILDS`, or ``pypi``.
    index : str or None
        Where its wheels are; None for wherever pip looks by itself.
    room : float
        Bytes of disk that making the environment takes.
    why : str
        For people.
    """

    name: str
    index: str | None
    room: float
    why: str


def choose_build(
    device: str, gpu: Gpu | None, system: str = sys.platform, machine: str = "x86_64"
) -> Build:
    """The build for a machine.

    Parameters
    ----------
    device : str
        ``auto``, ``cpu``, ``gpu``, or one of `BUILDS`.
    gpu : Gpu or None
    system : str
        `sys.platform`.
    machine : str
        `platform.machine()`.

    Raises
    ------
    ValueError
        There is none; the message says why and what to do.
    """
    if system == "darwin":
        return _for_mac(device, machine)
    if device in BUILDS:
        return _of(device, "as asked for")
    if device == "gpu" and gpu is None:
        raise ValueError(
            "no NVIDIA driver answers here (nvidia-smi): install it, or, to prepare an "
            f"environment for another machine, name a build: device {' | '.join(BUILDS[1:])}"
        )
    if gpu is None:
        return _of("cpu", "no NVIDIA driver answers here")
    name = _for_gpu(gpu)
    version = ".".join(map(str, gpu.cuda))
    if name is None:
        why = f"the driver of {gpu.name} is for CUDA {version}, too old for torch: update it"
        if device == "gpu":
            raise ValueError(why)
        return _of("cpu", why)
    return _of(name, f"{gpu.name}, driver for CUDA {version}")


def _for_mac(device: str, machine: str) -> Build:
    if device not in ("auto", "cpu", "gpu"):
        raise ValueError(f"device {device}: there is no CUDA on a Mac; leave device to auto")
    if machine == "x86_64":
        raise ValueError(
            "PyTorch is not made for Macs with an Intel processor any more (2.2 was the last, "
            "2.6 is needed): build on another machine, and open the job's folder here"
        )
    return Build("pypi", None, _ROOM["mac"], "Apple's processors and GPUs share one build")


def _for_gpu(gpu: Gpu) -> str | None:
    if gpu.cuda < (11, 8):
        return None
    if gpu.cuda < (12, 0):
        return "cu118"
    if 0 < gpu.capability < 7.5 or gpu.cuda < (12, 8):
        return "cu126"
    return "cu130" if gpu.cuda >= (13, 0) else "cu128"


def _of(name: str, why: str) -> Build:
    return Build(name, _INDEX + name, _ROOM["cpu" if name == "cpu" else "cuda"], why)


def find_gpu(system: str = sys.platform) -> Gpu | None:
    """Ask the NVIDIA driver, where there is one."""
    if system == "darwin":
        return None
    program = shutil.which("nvidia-smi")
    if program is None and system == "win32":
        program = r"C:\Windows\System32\nvidia-smi.exe"
    if program is None or not Path(program).exists():
        return None
    try:
        listed = run_quietly(
            [program, "--query-gpu=name,compute_cap", "--format=csv,noheader"], timeout=60
        )
        head = run_quietly([program], timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return gpu_from(head.stdout, listed.stdout)


def gpu_from(head: str, listed: str) -> Gpu | None:
    """The first GPU in what `nvidia-smi` prints.

    Parameters
    ----------
    head : str
        Of `nvidia-smi`, which has the version of CUDA.
    listed : str
        Of `nvidia-smi --query-gpu=name,compute_cap --format=csv,noheader`.
    """
    version = re.search(r"CUDA Version:\s*(\d+)\.(\d+)", head)
    if version is None:
        return None
    first = listed.strip().splitlines()[0] if listed.strip() else ""
    name, _, capability = first.rpartition(",")
    number = re.fullmatch(r"\s*(\d+\.\d+)\s*", capability)
    return Gpu(
        name=name.strip() or "NVIDIA GPU",
        cuda=(int(version[1]), int(version[2])),
        capability=float(number[1]) if number else 0.0,
    )
