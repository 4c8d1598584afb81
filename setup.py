"""Packages the engine for ``pip install .``; `bundle_info.xml` packages the ChimeraX bundle."""

import atexit
import re
import shutil
import tempfile
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent
VERSION = re.search(
    r'__version__ = "([^"]+)"', (HERE / "src/engine/critasser/__init__.py").read_text()
).group(1)

# A build folder of its own: what building the bundle leaves in `build` does not travel along.
BUILD = tempfile.mkdtemp(prefix="critasser-build-")
atexit.register(shutil.rmtree, BUILD, ignore_errors=True)

setup(
    name="critasser",
    version=VERSION,
    description="Atomic models with confidences from cryo-EM maps and protein sequences",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="BSD-3-Clause",
    python_requires=">=3.10",
    packages=[
        *find_packages("src/engine", include=["critasser", "critasser.*"]),
        "critasser.weights",
    ],
    package_dir={"critasser": "src/engine/critasser", "critasser.weights": "weights"},
    package_data={"critasser.weights": ["*"]},
    install_requires=[
        "gemmi>=0.7.0,<0.8",
        "matplotlib>=3.9,<4",
        "mrcfile>=1.5.3,<2",
        "numba>=0.61,<1",
        "numpy>=2.0,<3",
        "openmm>=8.2,<9",
        "ortools>=9.11,<10",
        "psutil>=5.9,<8",
        "rich>=13.7,<16",
        "safetensors>=0.4.5,<1",
        "scipy>=1.13,<2",
        "torch>=2.6,<2.14",  # tested with 2.13.0
    ],
    extras_require={"test": ["pytest>=8,<10", "ruff==0.17.6", "tmtools>=0.2,<1"]},
    entry_points={"console_scripts": ["critasser=critasser.cli:main"]},
    options={"build": {"build_base": BUILD}},
    zip_safe=False,
)
