"""`critasser data prepare`: from a list to what training reads, by mirror or server."""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from critasser.cli import main
from critasser.data.archive import map_path, model_path
from critasser.network.training.packing import packed_pairs, packed_structures
from critasser.structure import read_chains
from tests.engine.data.conftest import FILES, RESOLUTION, density_of, put_map, put_model

LIST = "emdb\tpdb\tsplit\nEMD-1001\t1aaa\ttrain\nEMD-1002\t1bbb\tval\n"


def rows(path):
    return list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))


def refused(folder):
    return {(row["emdb"], row["chain"]): row["reason"] for row in rows(folder / "refused.tsv")}


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "list.tsv"
    path.write_text(LIST)
    return path


@pytest.fixture
def archive(good_archive, tmp_path):
    """An archive of one's own to spoil."""
    return Path(shutil.copytree(good_archive, tmp_path / "archive"))


def prepare(listed, folder, archive, *more):
    command = ["data", "prepare", str(listed), "-o", str(folder), "--mirror", str(archive)]
    return main([*command, *more])


@pytest.fixture(scope="module")
def prepared(good_archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "list.tsv").write_text(LIST)
    assert prepare(folder / "list.tsv", folder / "data", good_archive) == 0
    return folder / "data"


def test_training_reads_what_was_prepared(prepared, tmp_path):
    for split, file in (("train", "1a2p_A.pdb.gz"), ("val", "3wmi_A.pdb.gz")):
        (chain,) = read_chains(FILES / file)
        (packed,) = packed_structures(prepared / "structures", split, tmp_path / f"{split}.npz")
        (pair,) = packed_pairs(prepared / "maps", split, tmp_path / f"{split}-maps.npz")
        assert len(packed.calpha) == len(pair.atoms.calpha) == len(chain)
        assert pair.resolution == RESOLUTION
        found = pair.atoms.positions[pair.atoms.calpha]
        assert np.abs(found - chain.calpha).max() < 0.002
        # The map lies where the model is.
        index = np.round(found - pair.origin).astype(int)[:, ::-1]
        inside = pair.density[tuple(index.T)]
        assert np.median(inside) > 5 * abs(np.median(pair.density))


def test_figures_of_each_pair_are_written_down(prepared):
    for row in rows(prepared / "pairs.tsv"):
        assert float(row["correlation"]) > 0.9
        assert float(row["fsc_half"]) < 1.2 * RESOLUTION
        assert float(row["shift"]) < 0.1
        assert float(row["modelled"]) == 1
    meta = json.loads((prepared / "maps/EMD-1001_1aaa_A/meta.json").read_text())
    assert meta["split"] == "train" and meta["resolution_A"] == RESOLUTION
    assert meta["emdb"] == "EMD-1001" and meta["pdb"] == "1aaa" and meta["cluster"]
    assert not refused(prepared)


def test_nothing_is_prepared_twice(prepared, good_archive, capsys):
    before = {path: path.stat().st_mtime_ns for path in prepared.rglob("*.gz")}
    assert prepare(prepared.parent / "list.tsv", prepared, good_archive) == 0
    assert {path: path.stat().st_mtime_ns for path in prepared.rglob("*.gz")} == before
    assert "2 of them before" in capsys.readouterr().out


def test_several_workers_prepare_the_same(prepared, good_archive, listed, tmp_path):
    assert prepare(listed, tmp_path / "data", good_archive, "--workers", "2") == 0
    for name in ("pairs.tsv", "structures/index.tsv"):
        assert (tmp_path / "data" / name).read_text() == (prepared / name).read_text()


def test_a_server_gives_the_same_as_a_mirror(prepared, good_archive, listed, serve, tmp_path):
    server = serve(good_archive)
    server.faults[map_path("EMD-1001")] = ["cut"]
    address = f"http://{server.address}"
    command = ["data", "prepare", str(listed), "-o", str(tmp_path / "data"), "--url", address]
    assert main(command) == 0
    for name in ("pairs.tsv", "structures/index.tsv"):
        assert (tmp_path / "data" / name).read_text() == (prepared / name).read_text()
    assert not (tmp_path / "data/downloads/EMD-1001_1aaa").exists()
    asked = len(server.requests)
    assert main(command) == 0
    assert len(server.requests) == asked


def test_what_a_server_did_not_have_is_asked_for_again(good_archive, listed, serve, tmp_path):
    server = serve(good_archive)
    server.faults[model_path("1aaa")] = ["damaged"]
    server.faults[map_path("EMD-1002")] = ["status 404"]
    command = ["data", "prepare", str(listed), "-o", str(tmp_path / "data")]
    command += ["--url", f"http://{server.address}"]
    assert main(command) == 0
    told = refused(tmp_path / "data")
    assert "damaged" in told["EMD-1001", ""]
    assert "404, not there" in told["EMD-1002", ""]
    assert main(command) == 0
    assert list(refused(tmp_path / "data")) == [("EMD-1002", "")]
    assert [row["name"] for row in rows(tmp_path / "data/pairs.tsv")] == ["EMD-1001_1aaa_A"]


def test_a_redirect_elsewhere_is_refused(good_archive, listed, serve, tmp_path):
    server, other = serve(good_archive), serve(good_archive)
    path = model_path("1aaa")
    command = ["data", "prepare", str(listed), "--url", f"http://{server.address}"]
    server.faults[path] = [f"redirect http://{other.address}/{path}"]
    assert main([*command, "-o", str(tmp_path / "no")]) == 0
    assert "not an allowed host" in refused(tmp_path / "no")["EMD-1001", ""]
    assert not other.requests
    server.faults[path] = [f"redirect http://{other.address}/{path}"]
    assert main([*command, "-o", str(tmp_path / "yes"), "--allow-host", other.address]) == 0
    assert not refused(tmp_path / "yes")


def spoil_mirror_image(archive):
    put_map(archive / map_path("EMD-1001"), density_of("1a2p_A.pdb.gz"), mirrored=True)


def spoil_shift(archive):
    put_model(archive / model_path("1aaa"), "1a2p_A.pdb.gz", shift=(3, 0, 0))


def spoil_other_protein(archive):
    put_map(archive / map_path("EMD-1001"), density_of("3wmi_A.pdb.gz"))


def spoil_sequence(archive):
    put_model(archive / model_path("1aaa"), "1a2p_A.pdb.gz", sequence=lambda shown: shown[::-1])


def spoil_share(archive):
    put_model(
        archive / model_path("1aaa"), "1a2p_A.pdb.gz", sequence=lambda shown: shown + ["GLY"] * 400
    )


def spoil_resolution(archive):
    put_model(archive / model_path("1aaa"), "1a2p_A.pdb.gz", resolution=None)


def spoil_map(archive):
    import gzip

    (archive / map_path("EMD-1001")).write_bytes(gzip.compress(b"no map" * 1000))


def spoil_model(archive):
    import gzip

    (archive / model_path("1aaa")).write_bytes(gzip.compress(b"no model"))


def spoil_missing(archive):
    (archive / map_path("EMD-1001")).unlink()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_mirror_image, "mirror image of its model"),
        (spoil_shift, "fits best (2.9|3.0|3.1) Å away"),
        (spoil_other_protein, "outside of the map|correlation|fits best"),
        (spoil_sequence, "of the residues differ from the deposited sequence"),
        (spoil_share, "2[0-9]% of the sequence is modelled"),
        (spoil_resolution, "no resolution"),
        (spoil_map, "not a map"),
        (spoil_model, "not a PDB or mmCIF file|holds no protein"),
        (spoil_missing, "not in "),
    ],
)
def test_a_pair_that_does_not_fit_is_left_out_with_its_reason(
    archive, listed, tmp_path, spoil, told
):
    import re

    spoil(archive)
    assert prepare(listed, tmp_path / "data", archive) == 0
    reasons = refused(tmp_path / "data")
    assert [emdb for emdb, _ in reasons] == ["EMD-1001"]
    (reason,) = reasons.values()
    assert re.search(told, reason), reason
    assert [row["emdb"] for row in rows(tmp_path / "data/pairs.tsv")] == ["EMD-1002"]


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--correlation", "0.999", "correlation 0.9"),
        ("--detail", "0.5", "map and model agree to"),
    ],
)
def test_a_stricter_limit_leaves_more_out(good_archive, tmp_path, option, value, told):
    listed = tmp_path / "list.tsv"
    listed.write_text("emdb\tpdb\nEMD-1001\t1aaa\n")
    assert prepare(listed, tmp_path / "data", good_archive, option, value) == 0
    (reason,) = refused(tmp_path / "data").values()
    assert told in reason
    # With the usual limits it is prepared anew.
    assert prepare(listed, tmp_path / "data", good_archive) == 0
    assert not refused(tmp_path / "data")


def test_packed_files_are_not_unpacked_beyond_measure(archive, listed, tmp_path):
    import gzip

    with gzip.open(archive / map_path("EMD-1001"), "wb", compresslevel=1) as file:
        for _ in range(300):
            file.write(bytes(1 << 20))
    began = time.process_time()
    assert prepare(listed, tmp_path / "data", archive, "--most-map", "16") == 0
    assert "unpacks to more than" in refused(tmp_path / "data")["EMD-1001", ""]
    assert time.process_time() - began < 60


def test_the_list_s_checksum_must_hold(good_archive, tmp_path):
    right = hashlib.sha256((good_archive / map_path("EMD-1001")).read_bytes()).hexdigest()
    listed = tmp_path / "list.tsv"
    for digest in (right, "0" * 64):
        listed.write_text(f"emdb\tpdb\tmap_sha256\nEMD-1001\t1aaa\t{digest}\n")
        assert prepare(listed, tmp_path / "data", good_archive) == 0
        assert ("EMD-1001", "") in refused(tmp_path / "data") or digest == right
    assert "another checksum" in refused(tmp_path / "data")["EMD-1001", ""]


def test_a_model_without_a_map_gives_a_chain_to_simulate(good_archive, tmp_path):
    listed = tmp_path / "list.tsv"
    listed.write_text("emdb\tpdb\n\t1aaa\n")
    assert prepare(listed, tmp_path / "data", good_archive) == 0
    (row,) = rows(tmp_path / "data/structures/index.tsv")
    assert row["pdbid"] == "1aaa" and int(row["length"]) == 108
    assert not rows(tmp_path / "data/pairs.tsv")


def test_relatives_of_known_targets_are_not_learnt_from(good_archive, tmp_path):
    listed, known = tmp_path / "list.tsv", tmp_path / "known.tsv"
    listed.write_text("emdb\tpdb\nEMD-1001\t1aaa\nEMD-1002\t1bbb\n")
    (chain,) = read_chains(FILES / "1a2p_A.pdb.gz")
    known.write_text(f"sequence\tsplit\n{chain.letters[5:]}\tbench\n")
    assert prepare(listed, tmp_path / "data", good_archive, "--known", str(known)) == 0
    splits = {row["emdb"]: row["split"] for row in rows(tmp_path / "data/pairs.tsv")}
    assert splits["EMD-1001"] == "bench" and splits["EMD-1002"] in ("train", "val")


def test_what_left_the_list_leaves_the_training(good_archive, listed, tmp_path):
    assert prepare(listed, tmp_path / "data", good_archive) == 0
    listed.write_text("emdb\tpdb\nEMD-1001\t1aaa\n")
    assert prepare(listed, tmp_path / "data", good_archive) == 0
    assert not (tmp_path / "data/maps/EMD-1002_1bbb_A/meta.json").exists()
    assert [row["pdbid"] for row in rows(tmp_path / "data/structures/index.tsv")] == ["1aaa"]


def test_a_run_that_is_killed_is_gone_on_with(good_archive, listed, serve, tmp_path):
    server = serve(good_archive)
    server.faults[map_path("EMD-1002")] = ["slow"]
    command = [sys.executable, "-m", "critasser", "data", "prepare", str(listed)]
    command += ["-o", str(tmp_path / "data"), "--url", f"http://{server.address}"]
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    part = tmp_path / "data/downloads/EMD-1002_1bbb/emd_1002.map.gz.part"
    for _ in range(3000):
        if part.exists() and part.stat().st_size:
            break
        time.sleep(0.1)
    process.kill()
    process.wait()
    had = part.stat().st_size
    server.requests.clear()
    assert main(command[3:]) == 0
    assert [path for path, _ in server.requests] == [map_path("EMD-1002")]
    assert int(server.requests[0][1].removeprefix("bytes=").rstrip("-")) >= had > 0
    assert len(rows(tmp_path / "data/pairs.tsv")) == 2


def test_a_file_named_cancel_stops_a_run(good_archive, listed, serve, tmp_path):
    server = serve(good_archive)
    server.faults[map_path("EMD-1001")] = ["slow"]
    command = [sys.executable, "-m", "critasser", "data", "prepare", str(listed)]
    command += ["-o", str(tmp_path / "data"), "--url", f"http://{server.address}"]
    environment = {**os.environ, "no_proxy": "127.0.0.1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:  # fmt: skip
        for _ in range(3000):
            if server.requests:
                break
            time.sleep(0.1)
        (tmp_path / "data/cancel").touch()
        assert process.wait(timeout=300) == 130
        assert "cancelled" in process.stderr.read()
    assert (tmp_path / "data/progress.jsonl").read_text().count('"state": "cancelled"') == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--mirror", "nowhere"], "nowhere: no such folder"),
        (["--url", "ftp://x/pub"], "ftp://x/pub: give an address such as"),
        (["--workers", "0"], "--workers 0: give a number from 1"),
        (["--identity", "0.05"], "--identity 0.05: give a number from 0.2"),
        (["--known", "nothing.tsv"], "nothing.tsv cannot be read"),
    ],
)
def test_mistakes_are_told_in_one_line(listed, tmp_path, capsys, options, told):
    assert main(["data", "prepare", str(listed), "-o", str(tmp_path / "data"), *options]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
    assert not (tmp_path / "data").exists()
