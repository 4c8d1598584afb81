"""A small archive of maps and models, and a server of it that fails as servers do."""

import gzip
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gemmi
import mrcfile
import numpy as np
import pytest

from critasser.data.archive import map_path, model_path
from critasser.density import simulate
from critasser.structure import read_chains

FILES = Path(__file__).parents[2] / "data"
RESOLUTION = 3.0
CHAINS = {"1aaa": "1a2p_A.pdb.gz", "1bbb": "3wmi_A.pdb.gz"}


def put_map(path: Path, grid, *, mirrored: bool = False) -> None:
    """Write a grid as EMDB does: its place in whole voxels of the header's start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).normal(0, 0.05 * grid.values.max(), grid.shape)
    values = (grid.values + noise).astype(np.float32)
    with mrcfile.new(path, compression="gzip", overwrite=True) as mrc:
        mrc.set_data(np.ascontiguousarray(values[::-1]) if mirrored else values)
        mrc.voxel_size = tuple(grid.voxel_size)
        start = np.round(grid.origin / grid.voxel_size).astype(int)
        mrc.header.nxstart, mrc.header.nystart, mrc.header.nzstart = (int(s) for s in start)


def put_model(path: Path, file: str, *, shift=(0, 0, 0), sequence=None, resolution=RESOLUTION):
    """Write a model as the PDB does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    structure = gemmi.read_structure(str(FILES / file))
    structure.setup_entities()
    for chain in structure[0]:
        for number, residue in enumerate(chain, start=1):
            residue.label_seq = number
            for atom in residue:
                atom.pos += gemmi.Position(*shift)
    shown = [residue.name for residue in structure[0][0].get_polymer()]
    structure.entities[0].full_sequence = sequence(shown) if sequence else shown
    block = structure.make_mmcif_block()
    if resolution:
        block.set_pair("_em_3d_reconstruction.resolution", str(resolution))
    path.write_bytes(gzip.compress(block.as_string().encode()))


def density_of(file: str):
    (chain,) = read_chains(FILES / file)
    return simulate(chain.positions, chain.amplitudes, RESOLUTION, padding=10)


@pytest.fixture(scope="session")
def good_archive(tmp_path_factory) -> Path:
    """Two proteins and their maps, laid out as EMDB and the PDB lay theirs out."""
    folder = tmp_path_factory.mktemp("archive")
    for number, (pdb, file) in enumerate(CHAINS.items(), start=1001):
        put_map(folder / map_path(f"EMD-{number}"), density_of(file))
        put_model(folder / model_path(pdb), file)
    return folder


@dataclass
class FaultyServer:
    """Serves a folder; `faults` says by path how the first requests of it go wrong.

    ``requests`` has path and Range header of each.
    """

    folder: Path
    faults: dict[str, list[str]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""
    version: str = '"first"'


def _handler(server: FaultyServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            path, asked = self.path.lstrip("/"), self.headers.get("Range", "")
            server.requests.append((path, asked))
            left = server.faults.get(path, [])
            fault = left.pop(0) if left else ""
            self.close_connection = True
            if fault.startswith("status"):
                return self.send_error(int(fault.split()[1]))
            if fault.startswith("redirect"):
                self.send_response(302)
                self.send_header("Location", fault.split()[1])
                self.send_header("Content-Length", "0")
                return self.end_headers()
            file = server.folder / path
            if not file.is_file():
                return self.send_error(404)
            body, status, start = file.read_bytes(), 200, 0
            whole = len(body)
            if asked and self.headers.get("If-Range") == server.version:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                if start >= whole:
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{whole}")
                    self.send_header("Content-Length", "0")
                    return self.end_headers()
                status = 206
            body = body[start:]
            length = {"longer": len(body) + 7, "huge": 1 << 50}.get(fault, len(body))
            self.send_response(status)
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            if fault == "endless":
                body = body * 100
            else:
                self.send_header("Content-Length", str(length))
            if server.version:
                self.send_header("ETag", server.version)
            self.end_headers()
            if fault in ("cut", "hang"):
                body = body[: len(body) // 2]
            if fault == "damaged":
                body = body[: len(body) // 2] + bytes(len(body) - len(body) // 2)
            step = 200 if fault == "slow" else len(body) or 1
            for first in range(0, len(body), step):
                try:
                    self.wfile.write(body[first : first + step])
                except OSError:
                    return None
                if fault == "slow":
                    time.sleep(0.05)
            if fault == "hang":
                time.sleep(6)
            return None

    return Handler


@pytest.fixture
def serve(monkeypatch):
    """Start a `FaultyServer` on loopback for a folder."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = []

    def start(folder: Path) -> FaultyServer:
        server = FaultyServer(folder)
        http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
        http.daemon_threads = True
        server.address = f"127.0.0.1:{http.server_port}"
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        running.append(http)
        return server

    yield start
    for http in running:
        http.shutdown()
        http.server_close()
