"""Make the README's picture: play the story of `tests/app` in a ChimeraX, and keep one scene of it.

    python -m benchmark.picture --chimerax /usr/bin/chimerax
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmark.build import ROOT

__all__ = ["main"]

STORY = "tests/app/test_app_story.py"
SCENE = "story_picture.png"
PICTURE = ROOT / "src" / "docs" / "user" / "images" / "critasser.png"
WIDTH, HEIGHT = 1200, 750
"""Pixels; the file is to be less than 600 kB, with all colours of the key."""


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chimerax", required=True, help="the program")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"CHIMERAX": args.chimerax, "SCREENSHOTS": folder}
        played = [sys.executable, "-m", "pytest", "-q", STORY]
        subprocess.run(played, cwd=ROOT, env=environment, check=True)
        with Image.open(Path(folder) / SCENE) as screen:
            picture = screen.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    picture.save(PICTURE, optimize=True)
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
