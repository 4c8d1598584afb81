"""What differs between platforms, for all of them, wherever the tests run."""

import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from chimerax.core.errors import UserError

HOMES = {
    "linux": PurePosixPath("/home/Ana María"),
    "darwin": PurePosixPath("/Users/Ana María"),
    "win32": PureWindowsPath(r"C:\Users\Ana María"),
}


@pytest.mark.parametrize(
    ("system", "python", "site"),
    [
        ("linux", "bin/python", "lib/python3.11/site-packages"),
        ("darwin", "bin/python", "lib/python3.11/site-packages"),
        ("win32", r"Scripts\python.exe", r"Lib\site-packages"),
    ],
)
def test_an_environments_python_and_packages_are_found(system, python, site):
    from chimerax.critasser.session.platforms import environment_python, site_packages

    folder = HOMES[system] / "critasser" / "engine"
    assert str(environment_python(folder, system).relative_to(folder)) == python
    assert str(site_packages(folder, (3, 11), system).relative_to(folder)) == site


@pytest.mark.parametrize(
    ("system", "program", "python"),
    [
        ("linux", "/opt/chimerax/bin/ChimeraX", "/opt/chimerax/bin/python3.11"),
        ("linux", "/usr/bin/python3.11", "/usr/bin/python3.11"),
        (
            "darwin",
            "/Applications/ChimeraX 1.10.app/Contents/MacOS/ChimeraX",
            "/Applications/ChimeraX 1.10.app/Contents/bin/python3.11",
        ),
        (
            "darwin",
            "/Applications/ChimeraX 1.10.app/Contents/bin/python3.11",
            "/Applications/ChimeraX 1.10.app/Contents/bin/python3.11",
        ),
        (
            "win32",
            r"C:\Program Files\ChimeraX 1.10\bin\ChimeraX.exe",
            r"C:\Program Files\ChimeraX 1.10\bin\python.exe",
        ),
    ],
)
def test_chimerax_python_lies_beside_its_program(system, program, python):
    from chimerax.critasser.session.platforms import interpreter_beside

    kind = PureWindowsPath if system == "win32" else PurePosixPath
    assert str(interpreter_beside(kind(program), (3, 11), system)) == python


@pytest.mark.parametrize(
    ("system", "environ", "folder"),
    [
        ("linux", {}, "/home/Ana María/.cache/critasser/numba"),
        ("linux", {"XDG_CACHE_HOME": "/scratch/c"}, "/scratch/c/critasser/numba"),
        ("darwin", {}, "/Users/Ana María/Library/Caches/critasser/numba"),
        ("win32", {}, r"C:\Users\Ana María\AppData\Local\critasser\numba"),
        ("win32", {"LOCALAPPDATA": r"D:\L"}, r"D:\L\critasser\numba"),
    ],
)
def test_kernels_are_cached_where_the_system_keeps_caches(system, environ, folder):
    from chimerax.critasser.session.platforms import cache_folder

    assert str(cache_folder(environ, HOMES[system], system)) == folder


def test_an_engine_has_a_group_of_its_own_and_no_window():
    import subprocess

    from chimerax.critasser.session.platforms import kill_command, process_options

    assert process_options("linux") == process_options("darwin") == {"start_new_session": True}
    flags = process_options("win32")["creationflags"]
    assert flags == 0x200 | 0x08000000
    if sys.platform == "win32":
        assert flags == subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    assert kill_command(7) == ["taskkill", "/F", "/T", "/PID", "7"]


# Compute capabilities: V100 7.0, T4 7.5, A100 8.0, H100 9.0, B200 10.0, RTX 5090 12.0.
@pytest.mark.parametrize(
    ("system", "device", "gpu", "build"),
    [
        ("linux", "auto", None, "cpu"),
        ("win32", "auto", None, "cpu"),
        ("linux", "cpu", ((13, 0), 9.0), "cpu"),
        ("linux", "auto", ((13, 0), 8.0), "cu130"),
        ("win32", "auto", ((13, 1), 12.0), "cu130"),
        ("linux", "auto", ((12, 8), 12.0), "cu128"),
        ("linux", "auto", ((13, 0), 7.0), "cu126"),
        ("linux", "auto", ((12, 2), 8.0), "cu126"),
        ("linux", "gpu", ((12, 4), 0.0), "cu126"),
        ("linux", "auto", ((11, 8), 7.5), "cu118"),
        ("linux", "auto", ((11, 4), 7.5), "cpu"),
        ("linux", "cu128", None, "cu128"),
        ("darwin", "auto", None, "pypi"),
        ("darwin", "gpu", None, "pypi"),
    ],
)
def test_the_build_of_torch_suits_the_machine(system, device, gpu, build):
    from chimerax.critasser.installation.torch_builds import Gpu, choose_build

    found = None if gpu is None else Gpu("a card", *gpu)
    chosen = choose_build(device, found, system, "arm64" if system == "darwin" else "x86_64")
    assert chosen.name == build
    if build == "pypi":
        assert chosen.index is None
    else:
        assert chosen.index == f"https://download.pytorch.org/whl/{build}"


@pytest.mark.parametrize(
    ("system", "machine", "device", "gpu", "why"),
    [
        ("linux", "x86_64", "gpu", None, "no NVIDIA driver"),
        ("win32", "AMD64", "gpu", ((11, 2), 7.5), "too old for torch"),
        ("darwin", "arm64", "cu126", None, "no CUDA on a Mac"),
        ("darwin", "x86_64", "auto", None, "Intel processor"),
    ],
)
def test_where_there_is_no_build_the_reason_is_told(system, machine, device, gpu, why):
    from chimerax.critasser.installation.torch_builds import Gpu, choose_build

    with pytest.raises(ValueError, match=why):
        choose_build(device, None if gpu is None else Gpu("a card", *gpu), system, machine)


def test_the_driver_is_asked_for_its_version_of_cuda_and_the_cards_capability():
    from chimerax.critasser.installation.torch_builds import Gpu, gpu_from

    head = "| NVIDIA-SMI 550.54.14    Driver Version: 550.54.14    CUDA Version: 12.4     |"
    listed = "NVIDIA A100-SXM4-80GB, 8.0\nNVIDIA T4, 7.5\n"
    assert gpu_from(head, listed) == Gpu("NVIDIA A100-SXM4-80GB", (12, 4), 8.0)
    old = 'Field "compute_cap" is not a valid field to query.\n'
    assert gpu_from(head, old) == Gpu("NVIDIA GPU", (12, 4), 0.0)
    assert gpu_from("NVIDIA-SMI has failed because it couldn't communicate", "") is None


def test_a_python_that_cannot_make_environments_is_passed_over(monkeypatch):
    from chimerax.critasser.installation import interpreters

    answers = {"/a": "No module named ensurepip", "/b": "3.9", "/c": "3.12", "/d": "3.11"}
    monkeypatch.setattr(interpreters, "candidates", lambda: map(Path, answers))

    def ask(path):
        answer = answers[str(path)]
        if answer[0] != "3":
            raise ValueError(answer)
        return answer

    assert interpreters.find_interpreter(ask=ask) == interpreters.Interpreter(Path("/c"), (3, 12))
    answers["/c"] = answers["/d"] = "3.14"
    with pytest.raises(UserError, match=r"/a: No module named ensurepip; /b: version 3\.9"):
        interpreters.find_interpreter(ask=ask)
    with pytest.raises(UserError, match="critasser install python PATH"):
        interpreters.find_interpreter(Path("/b"), ask=ask)


def test_this_python_can_make_environments():
    from chimerax.critasser.installation.interpreters import find_interpreter

    found = find_interpreter(Path(sys.executable))
    assert found.version == sys.version_info[:2]
