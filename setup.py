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
REQUIREMENTS = [
    line.partition("#")[0].strip()
    for line in (HERE / "src/engine/requirements.txt").read_text(encoding="utf-8").splitlines()
    if line.partition("#")[0].strip()
]

CLUSTER = [
    "cryptography>=44,<51", "dask-jobqueue>=0.9,<0.10", "distributed>=2025.1,<2026.9",
]

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
    package_data={"critasser": ["py.typed"], "critasser.weights": ["*"]},
    install_requires=REQUIREMENTS,
    extras_require={
        "cluster": CLUSTER,
        # `critasser contacts` alone needs it; tested with 5.24.
        "language": ["transformers>=4.48,<6"],
        "test": [
            *CLUSTER,
            "hypothesis>=6.100,<7", "pytest>=8,<10", "pytest-xdist>=3.6,<4", "ruff==0.17.6",
            "tmtools>=0.2,<1",
        ]
    },
    entry_points={"console_scripts": ["critasser=critasser.cli:main"]},
    options={"build": {"build_base": BUILD}},
    zip_safe=False,
)
