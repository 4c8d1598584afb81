"""What the engine says when it fails, and what a person is told to do."""

import signal

import pytest


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("/job: out of memory in stage network; close other programs", "near, mask"),
        ("map.mrc: the molecule's box of 900 million Å³ needs about 50 GB of memory", "near, mask"),
        ("no GPU that torch can use here; run with --device cpu", "device cpu"),
        ("Critasser's own file weights/network.safetensors is missing (looked in x)", "Reinstall"),
        ("weights/network.safetensors: damaged network file (header); get it again", "Reinstall"),
        ("s.fasta: 900 residues cannot lie in map.mrc, whose positive density", "part of the map"),
        ("the map looks like the mirror image of a protein: 9 turns", "volume flip"),
        ("the network is unsure of the Cα positions: its predictions agree", "templates"),
        ("no trace was found; the assembly starts from templates alone", "templates"),
        ("No Cα position was found in the map, so no chain can be traced", "resolution"),
        ("/job: no room left on the disk in stage atomic; free some", "Free some space"),
        ("OSError: [Errno 28] No space left on device", "Free some space"),
        ("/job: in use by process 7 on node1; wait for it", "critasser open"),
        ("/job: job of Critasser 0.0.9 (folder format 1), this is 0.1.0", "new folder"),
        ("/job: the job folder is read-only; choose another", "folder"),
        ("No module named 'openmm'", "critasser location"),
    ],
)
def test_a_known_failure_has_a_remedy(line, remedy):
    from chimerax.critasser.jobs.failures import advice

    assert remedy in advice(line, 1)


def test_what_is_not_known_is_left_to_the_engines_own_words():
    from chimerax.critasser.jobs.failures import advice

    assert advice("ValueError: 7", 1) == ""


def test_an_engine_that_the_system_ended_lacked_memory():
    from chimerax.critasser.jobs.failures import advice

    assert "lack of memory" in advice("tile 3 of 4", -signal.SIGKILL)
