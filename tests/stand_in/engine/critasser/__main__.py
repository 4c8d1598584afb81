"""A stand-in, not the engine: see ../../README.md.

`FAKE_ENGINE` names what it does (`success` unless given), `FAKE_PAUSE` the seconds of a step.
"""

import json
import math
import os
import shlex
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

THREE = {"A": "ALA", "L": "LEU", "E": "GLU", "K": "LYS"}
BACKBONE = {"N": (1.55, -27.0, -0.9), "CA": (2.29, 0.0, 0.0), "C": (1.66, 26.0, 1.1),
            "O": (1.98, 23.0, 2.3), "CB": (3.3, -19.0, -0.4)}  # fmt: skip
PAUSE = float(os.environ.get("FAKE_PAUSE", "0.05"))


def main(arguments):
    if arguments == ["--version"]:
        print("critasser 0.0.fake")
        return 0
    if arguments[0] in ("score", "rebuild", "fit"):
        return judge(arguments[0], arguments[1:])
    if arguments[0] == "selftest":
        broken = os.environ.get("FAKE_ENGINE") == "unfit"
        print(f"torch    {'cannot be imported' if broken else 'ok'}")
        return int(broken)
    if arguments[0] != "build":
        return 2
    import psutil

    if "--resume" in arguments:
        folder = Path(arguments[arguments.index("--resume") + 1])
        job = json.loads((folder / "job.json").read_text())
        density, fasta = job["inputs"]["map"]["path"], job["inputs"]["sequence"]["path"]
        if arguments[1] != "--resume":
            density, fasta = arguments[1:3]
    else:
        folder = Path(arguments[arguments.index("-o") + 1])
        density, fasta = arguments[1:3]
    (folder / "cancel").unlink(missing_ok=True)
    own = {"pid": os.getpid(), "started": psutil.Process().create_time(),
           "host": socket.gethostname()}  # fmt: skip
    (folder / "lock").write_text(json.dumps(own))
    try:
        return Run(folder, Path(density), Path(fasta)).do(os.environ.get("FAKE_ENGINE", "success"))
    finally:
        (folder / "lock").unlink()


def judge(kind, arguments):
    """Score or rebuild a model: each residue is surer than the one before, all are a helix."""
    if "--resume" in arguments:
        folder = Path(arguments[arguments.index("--resume") + 1])
        model = Path(json.loads((folder / "job.json").read_text())["inputs"]["model"]["path"])
    else:
        folder, model = Path(arguments[arguments.index("-o") + 1]), Path(arguments[0])
    described = {"kind": kind, "inputs": {"model": {"path": str(model)}}}
    if "--stretch" in arguments:
        described["options"] = {"stretches": arguments[arguments.index("--stretch") + 1]}
    (folder / "job.json").write_text(json.dumps(described))
    (folder / "command").write_text(shlex.join(sys.argv) + "\n")
    run = Run.__new__(Run)
    run.folder, run.done = folder, 0.0
    if run.tell("density", "starts"):
        return 130
    names, rows = [], []
    for line in model.read_text().splitlines():
        words = line.split()
        if line.startswith("_atom_site."):
            names.append(words[0].partition(".")[2])
        elif words and words[0] == "ATOM":
            atom = dict(zip(names, words))
            if atom["label_atom_id"] == "CA":
                code = atom.get("pdbx_PDB_ins_code", "?").replace("?", "")
                rows.append((atom["auth_asym_id"], atom["auth_seq_id"], code))
    (folder / "5_models").mkdir(exist_ok=True)
    with (folder / "5_models/model_1.csv").open("w") as table:
        table.write("chain,residue,insertion,letter,confidence,local_confidence,local_pcc\n")
        for k, (chain, number, code) in enumerate(rows):
            table.write(f"{chain},{number},{code},A,{10.0 * k},50.0,{0.1 * k}\n")
    if kind == "fit":
        return placed(run, rows)
    run.center, run.letters = (0.0, 0.0, 0.0), "A" * len(rows)
    run.write("5_models/model_1.cif", "models", "model 1", ("CA",), 0.0)
    scores = {"file": "5_models/model_1.cif", "rank": 1, "etm": 0.8, "crscore": 0.7,
              "pcc_mask": 0.6, "mean_confidence": 45.0}  # fmt: skip
    (folder / "report.html").write_text("<html><body>stand-in</body></html>")
    results = {"kind": kind, "models": [scores], "warnings": ["a stand-in judged this"]}
    if kind == "rebuild":
        scores["stretch_pcc"], results["stretch_pcc_before"] = 0.62, 0.41
    (folder / "results.json").write_text(json.dumps(results))
    run.tell("report", "done", state="finished")
    return 0


def placed(run, rows):
    """A model in two places: the first half of its residues is a domain that has one."""
    if os.environ.get("FAKE_ENGINE") == "refused":
        print("critasser fit: model.cif: has no place in map.mrc that is better than chance; give "
              "the PAE", file=sys.stderr)  # fmt: skip
        run.tell("fit", "no place", state="failed")
        return 2
    run.center, run.letters, half = (0.0, 0.0, 0.0), "A" * len(rows), len(rows) // 2
    places = []
    for rank in (1, 2):
        name = f"5_models/model_{rank}.cif"
        with (run.folder / f"5_models/model_{rank}.csv").open("w") as table:
            table.write("chain,residue,insertion,letter,domain,placed,distance\n")
            for k, (chain, number, code) in enumerate(rows):
                table.write(f"{chain},{number},{code},A,{1 if k < half else 2},{int(k < half)},1\n")
        run.write(name, "models", f"place {rank}", ("CA",), 9.0 * rank)
        none = {"residues": "A:3-4", "count": 2, "placed": False, "share_near": 0.1,
                "correlation": 0.1, "z_score": None, "verdict": "", "runner_up": None}
        found = {"residues": "A:1-2", "count": 2, "placed": True, "share_near": 0.93,
                 "correlation": 0.71, "z_score": 12.3, "verdict": "equal", "equal_places": 2,
                 "runner_up": 11.9}
        places.append({"file": name, "rank": rank, "share_near": 0.9, "correlation": 0.6,
                       "residues": len(rows), "domains": [found, none]})  # fmt: skip
    (run.folder / "results.json").write_text(
        json.dumps({"kind": "fit", "models": places, "warnings": ["it fits 2 places"]})
    )
    run.tell("report", "done", state="finished")
    return 0


class Run:
    def __init__(self, folder, density, fasta):
        self.folder = folder
        self.done = 0.0
        with density.open("rb") as file:
            header = file.read(1024)
        size = struct.unpack("<3i", header[:12])
        cell = struct.unpack("<3f", header[40:52])
        origin = struct.unpack("<3f", header[196:208])
        self.center = [o + c * (n - 1) / n / 2 for o, c, n in zip(origin, cell, size)]
        lines = fasta.read_text().split("\n")
        self.letters = "".join(line.strip() for line in lines if not line.startswith(">"))
        inputs = {"map": {"path": str(density)}, "sequence": {"path": str(fasta)}}
        (folder / "job.json").write_text(json.dumps({"inputs": inputs, "device": "cpu"}))
        (folder / "command").write_text(shlex.join(sys.argv) + "\n")

    def do(self, mode):
        if mode == "full":
            print("critasser build: job: no room left on the disk in stage network; free some",
                  file=sys.stderr)  # fmt: skip
            self.tell("network", "no room left", state="failed")
            return 2
        if mode == "bad":
            print(f"critasser build: {self.folder}: 5 residues cannot lie in map.mrc; mend it",
                  file=sys.stderr)  # fmt: skip
            return 2
        if mode == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            child = subprocess.Popen(
                [sys.executable, "-c", "import signal, time\n"
                 "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)"]
            )  # fmt: skip
            (self.folder / "child").write_text(str(child.pid))
            while True:
                self.tell("network", "thinking")
        for stage in ("density", "network"):
            if self.tell(stage, "starts"):
                return 130
        print("12:00:00 warning: the map looks like a mirror image", flush=True)
        self.write("1_calpha/calpha.cif", "calpha", "Cα positions", ("CA",), 0.0, het=True)
        if mode == "fail":
            print("critasser build: failed in stage trace, MemoryError: out of memory; traceback",
                  file=sys.stderr)  # fmt: skip
            self.tell("trace", "MemoryError", state="failed")
            return 1
        if mode == "half":
            with (self.folder / "progress.jsonl").open("a") as file:
                file.write('{"time": 1, "stage": "tra')
            os.kill(os.getpid(), signal.SIGKILL)
        while mode == "hang":
            if self.tell("trace", "joining"):
                return 130
        self.write("2_traces/unassigned.cif", None, "", ("CA",), 6.0, het=True)
        for number in (1, 2):
            self.table(f"2_traces/trace_{number:02d}.csv", "confidence", 0.5)
            self.write(f"2_traces/trace_{number:02d}.cif", "traces", f"trace {number}", ("CA",),
                       3.0 * number)  # fmt: skip
        self.tell("templates", "searching")
        self.write("3_templates/template_01.cif", "templates", "template 1", ("CA",), -4.0)
        self.tell("assembly", "replica exchange")
        listed = []
        for rank in (1, 2, 3):
            name = f"5_models/model_{rank}.cif"
            self.table(f"5_models/model_{rank}.csv")
            self.write(name, "models", f"model {rank}", tuple(BACKBONE), 0.5 * (rank - 1))
            listed.append({"file": name, "rank": rank, "etm": 0.9 - 0.1 * rank, "pcc_mask": 0.7})
        results = {"timings": {"network": 60.0, "assembly": 30.0}, "models": listed,
                   "warnings": ["the map looks like a mirror image",
                                "this is a stand-in, not the engine"]}  # fmt: skip
        (self.folder / "report.html").write_text("<html><body>stand-in</body></html>")
        (self.folder / "results.json").write_text(json.dumps(results))
        self.tell("report", "done", state="finished")
        return 0

    def tell(self, stage, message, state="running", **more):
        """A line of progress; whether the run is to stop."""
        self.done += (1.0 - self.done) * 0.12
        line = {"time": time.time(), "state": state, "stage": stage, "fraction": self.done,
                "stage_fraction": 0.5, "message": message, "remaining": 60 * (1 - self.done),
                **more}  # fmt: skip
        with (self.folder / "progress.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        time.sleep(PAUSE)
        if (self.folder / "cancel").exists():
            with (self.folder / "progress.jsonl").open("a") as file:
                file.write(json.dumps({**line, "state": "cancelled"}) + "\n")
            return True
        return False

    def table(self, name, column="local_pcc", value=0.25):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        rows = (f"A,{i + 1},{letter},{value}" for i, letter in enumerate(self.letters))
        path.write_text("\n".join([f"chain,residue,letter,{column}", *rows]) + "\n")

    def write(self, name, kind, message, atoms, shift, het=False):
        """A helix through the middle of the map, as mmCIF."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        columns = (
            "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id "
            "label_entity_id label_seq_id Cartn_x Cartn_y Cartn_z occupancy B_iso_or_equiv "
            "auth_seq_id auth_asym_id pdbx_PDB_model_num"
        )
        text = "data_helix\nloop_\n" + "".join(
            f"_atom_site.{column}\n" for column in columns.split()
        )
        number = 0
        length = len(self.letters)
        for i, letter in enumerate(self.letters):
            for atom in atoms:
                number += 1
                radius, phase, rise = BACKBONE[atom]
                angle = math.radians(100.0 * i + phase)
                x = self.center[0] + radius * math.cos(angle) + shift
                y = self.center[1] + radius * math.sin(angle)
                z = self.center[2] + 1.5 * (i - length / 2) + rise
                group, residue = ("HETATM", "UNK") if het else ("ATOM", THREE.get(letter, "ALA"))
                confidence = 100.0 * i / max(length - 1, 1)
                text += (f"{group} {number} {atom[0]} {atom} . {residue} A 1 {i + 1} {x:.3f} "
                         f"{y:.3f} {z:.3f} 1.0 {confidence:.2f} {i + 1} A 1\n")  # fmt: skip
        part = path.with_suffix(".part")
        part.write_text(text)
        part.replace(path)
        if kind is not None:
            self.tell(kind, message, artifact=name, kind=kind)


sys.exit(main(sys.argv[1:]))
