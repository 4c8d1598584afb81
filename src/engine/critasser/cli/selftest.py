"""See in a minute or two whether all that Critasser needs works, and compile what builds need.

examples:
  critasser selftest
  critasser selftest --device cpu
  critasser selftest --json
"""

from __future__ import annotations

import argparse
import json

from critasser import __version__
from critasser.options import DEVICES

__all__ = ["add_args", "main"]


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where the network runs")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")


def main(args: argparse.Namespace) -> int:
    """Examine and print; 1 when something does not work."""
    from critasser.selftest import Finding, examine

    findings: list[Finding] = []
    if not args.json:
        print(f"critasser {__version__}")
    for finding in examine(args.device):
        findings.append(finding)
        if not args.json:
            mark, took = "ok  " if finding.ok else "FAIL", f"{finding.seconds:5.1f} s"
            print(f"{mark}  {finding.name:<22} {took}  {finding.told}", flush=True)
    well = all(finding.ok for finding in findings)
    if args.json:
        content = {
            "version": __version__,
            "ok": well,
            "checks": [
                {"name": f.name, "ok": f.ok, "told": f.told, "seconds": round(f.seconds, 3)}
                for f in findings
            ],
        }
        print(json.dumps(content, indent=1, ensure_ascii=False))
    elif not well:
        print("Something is missing or broken: mend what is marked, or install Critasser again.")
    return 0 if well else 1
