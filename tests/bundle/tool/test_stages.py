"""What a job folder tells the panel, whole or not, ours or somebody else's."""

import json
import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from chimerax.critasser.jobs.folder import Event, ProgressReader
from chimerax.critasser.jobs.stage_titles import TITLES
from chimerax.critasser.tool.joblist import JobList, folder_lines
from chimerax.critasser.tool.outcome import read_energies, read_outcome
from chimerax.critasser.tool.stages import History

ENGINE = Path(__file__).parents[3] / "src" / "engine" / "critasser"


def line(stage, at, fraction=0.5, message="at work", state="running", **more):
    content = {"time": at, "stage": stage, "stage_fraction": fraction, "fraction": 0.3,
               "message": message, "state": state, **more}  # fmt: skip
    return Event.from_line(json.dumps(content).encode())


def rows(history, **options):
    return {row.name: row for row in history.rows(**options)}


def test_stages_before_are_done_with_their_times_and_later_ones_wait():
    history = History()
    history.expect({"density": 2, "network": 30.0, "calpha": 5})
    history.feed([
        line("density", 100.0, 0.0, "starts"),
        line("density", 103.0, 1.0, "done"),
        line("network", 103.0, 0.0, "starts"),
        line("network", 110.0, 0.4),
    ])  # fmt: skip
    found = rows(history, now=113.0)
    assert [(r.state, r.elapsed, r.expected) for r in found.values()] == [
        ("done", 3.0, 2.0),
        ("running", 10.0, 30.0),
        ("waiting", None, 5.0),
    ]
    assert found["network"].fraction == 0.4
    assert rows(history, runs=False)["network"].state == "stopped"


def test_expected_times_may_come_with_the_first_line_and_rubbish_is_left_out():
    history = History()
    history.feed([line("density", 1.0, expected={"density": 1.5, "network": "soon"})])
    assert history.expected == {"density": 1.5}
    history.expect(["not", "a", "table"])
    history.expect({"calpha": float("nan"), "trace": -1, "decoys": 3})
    history.expect({"calpha": 10**400})
    assert history.expected == {"density": 1.5, "decoys": 3.0}


def test_without_expected_times_all_known_stages_are_listed():
    history = History()
    history.feed([line("density", 1.0), line("something_new", 2.0)])
    assert [row.name for row in history.rows()] == [*TITLES, "something_new"]
    assert history.rows()[-1].title == "Something new"


def test_known_stages_stand_in_the_order_in_which_the_engine_runs_them():
    source = (ENGINE / "pipeline" / "build.py").read_text(encoding="utf-8")
    assert list(TITLES) == re.findall(r"^    (\w+)\.STAGE,$", source, re.MULTILINE)


def test_stages_that_a_finished_job_did_not_need_are_not_listed():
    history = History()
    history.feed([line("density", 1.0), line("report", 2.0, 1.0, "done", state="finished")])
    assert [(row.name, row.state) for row in history.rows()] == [
        ("density", "done"), ("report", "done")
    ]  # fmt: skip


def test_a_resumed_job_keeps_the_times_of_stages_that_were_done_already():
    history = History()
    history.feed([
        line("density", 100.0, 0.0, "starts"),
        line("density", 104.0, 0.6),
        line("density", 109.0, 1.0, "done"),
        line("network", 109.0, 0.0, "starts"),
        line("network", 110.0, 0.1),
        line("network", 111.0, 0.1, "stopped", state="cancelled"),
    ])  # fmt: skip
    assert rows(history)["network"].state == "stopped"
    history.feed([
        line("density", 500.0, 0.0, "starts"),
        line("density", 500.1, 1.0, "was done already"),
        line("network", 500.1, 0.0, "starts"),
        line("network", 520.1, 0.9),
    ])  # fmt: skip
    found = rows(history)
    assert (found["density"].state, found["density"].elapsed) == ("done", 9.0)
    assert found["network"].state == "running"
    assert found["network"].elapsed == pytest.approx(20.0)


def test_energies_come_as_numbers_or_are_read_from_what_is_said():
    history = History()
    numbers = {"cycle": 1, "lowest_energy": -500.0, "mean_energy": -450.0}
    history.feed([
        line("assembly", 1.0, numbers=numbers),
        line("assembly", 2.0, message="cycle 2 of 20, lowest energy -510.5"),
        line("assembly", 3.0, message="energies"),
        line("trace", 4.0, message="cycle 2 of 20, lowest energy -1"),
    ])  # fmt: skip
    energies = history.energies
    assert energies.cycle.tolist() == [1, 2]
    assert energies.lowest.tolist() == [-500.0, -510.5]
    assert energies.mean[0] == -450.0 and math.isnan(energies.mean[1])


@pytest.mark.parametrize(
    "numbers",
    [[1], {"cycle": "x"}, {"cycle": 1e400}, "no", 3, {"cycle": 1e300, "lowest_energy": 1.0}],
)
def test_numbers_that_are_none_do_no_harm(numbers):
    text = json.dumps({"stage": "assembly", "numbers": numbers}).replace("Infinity", "1e999")
    history = History()
    history.feed([Event.from_line(text.encode())])
    assert len(history.energies) == 0


def test_progress_can_be_read_in_pieces(tmp_path):
    path = tmp_path / "progress.jsonl"
    path.write_text("".join(f'{{"stage": "s{n}"}}\n' for n in range(50)))
    reader, found = ProgressReader(tmp_path), []
    while events := reader.read(40):
        found += [event.stage for event in events]
    assert found == [f"s{n}" for n in range(50)]


def results(folder, **content):
    (folder / "5_models").mkdir(exist_ok=True)
    (folder / "5_models/model_1.cif").write_text("data_x\n")
    model = {"rank": 1, "file": "5_models/model_1.cif", "etm": 0.87, "pcc_mask": 0.5,
             "mean_confidence": 76.5, "cluster_share": 0.7}  # fmt: skip
    whole = {"models": [model, {"file": "../../etc/passwd", "etm": "high"}],
             "tm": [[1, 0.7], [0.7, 1]], "rmsd": [[0, 6.5], [6.5, 0]],
             "warnings": ["beware", 3], "timings": {"density": 0.6, "x": None},
             **content}  # fmt: skip
    (folder / "results.json").write_text(json.dumps(whole))


def test_results_are_read_and_what_leads_out_of_the_folder_is_not(tmp_path):
    results(tmp_path)
    outcome = read_outcome(tmp_path)
    first, second = outcome.models
    assert (first.etm, first.pcc, first.confidence, first.clashes) == (0.87, 0.5, 76.5, None)
    assert first.path == (tmp_path / "5_models/model_1.cif").resolve()
    assert second.path is None and second.etm is None and second.rank == 2
    assert outcome.tm[0, 1] == 0.7 and outcome.rmsd[1, 0] == 6.5
    assert outcome.warnings == ("beware",) and outcome.timings == {"density": 0.6}


@pytest.mark.parametrize(
    "content",
    [
        {"tm": [[1, 0.7]]},
        {"tm": [[1, "x"], [0.7, 1]]},
        {"tm": "none", "models": {"file": 1}, "warnings": "all", "timings": [1]},
        {"models": [1, None, {"file": 3, "etm": True, "clashes": "many"}]},
        {"models": [{"file": "x", "etm": 10**400}], "timings": {"x": 10**400}},
        {"tm": [[1, 10**400], [0.7, 1]], "resolution": 10**400},
    ],
)
def test_results_that_are_damaged_show_what_is_good(tmp_path, content):
    results(tmp_path, **content)
    outcome = read_outcome(tmp_path)
    assert outcome.tm is None
    assert all(row.etm is None or row.etm == 0.87 for row in outcome.models)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (
            {"volume": 12300.4, "left_out": True},
            "nucleic acid: 12,300 Å³, where no Cα are looked for",
        ),
        ({"volume": 900.0, "left_out": False}, "nucleic acid, or protein: 900 Å³"),
        ({"volume": 0.0, "left_out": True}, ""),
        ({"volume": "much", "left_out": True}, ""),
        ({"volume": 10**400}, ""),
        ("some", ""),
    ],
)
def test_what_looks_like_nucleic_acid_is_told_in_a_line(tmp_path, found, told):
    results(tmp_path, nucleic_acid=found)
    assert read_outcome(tmp_path).nucleic_acid == told


def test_a_folder_without_results_has_none(tmp_path):
    assert read_outcome(tmp_path) is None
    (tmp_path / "results.json").write_text("{half")
    assert read_outcome(tmp_path) is None
    assert len(read_energies(tmp_path)) == 0


def test_energies_of_a_finished_job_are_those_of_its_table(tmp_path):
    (tmp_path / "4_assembly").mkdir()
    table = tmp_path / "4_assembly/energy.csv"
    table.write_text("cycle,temperature 0.6,temperature 0.7\n1,-5.0,-3.0\n2,-7.5,-4.5\n")
    energies = read_energies(tmp_path)
    assert energies.lowest.tolist() == [-5.0, -7.5] and energies.mean.tolist() == [-4.0, -6.0]
    table.write_text(f"cycle,x\n{10**30},1\n2,-7.5\n")
    assert read_energies(tmp_path).cycle.tolist() == [2]
    table.write_text("cycle,x\none,two\n")
    assert len(read_energies(tmp_path)) == 0


def job_folder(folder, *lines):
    folder.mkdir(exist_ok=True)
    (folder / "job.json").write_text("{}")
    (folder / "progress.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    return folder


@pytest.fixture
def jobs(tmp_path):
    """Two of this ChimeraX."""
    return [
        SimpleNamespace(
            id=n,
            folder=job_folder(tmp_path / f"job{n}"),
            name=f"map{n}",
            outcome=outcome,
            waits_for="",
        )
        for n, outcome in ((1, "finished"), (2, "running"))
    ]


def test_jobs_of_now_come_before_folders_of_earlier_ones(tmp_path, jobs):
    old, gone = job_folder(tmp_path / "old"), tmp_path / "gone"
    results(old, timings={"density": 2.0, "trace": 3.5})
    told = {"stage": "density", "state": "finished", "time": 2000.0}
    lines = [json.dumps({**told, "time": time}) + "\n" for time in (2000.0, 9000.0)]
    (old / "progress.jsonl").write_text("".join(lines))
    listed = JobList()
    assert listed.renew(jobs)
    assert listed.put(folder_lines([old, gone, tmp_path, jobs[0].folder]))
    assert [(one.name, one.state, one.number) for one in listed.lines] == [
        ("map2", "running", 2), ("map1", "finished", 1), ("old", "finished", None)
    ]  # fmt: skip
    assert (listed.lines[2].when, listed.lines[2].took) == (2000.0, 5.5)
    assert listed.lines[0].took is None
    assert listed.keep(jobs[1:]) and listed.lines[0].number == 2
    assert [one.number for one in listed.lines] == [2, None, None]


def test_the_list_is_another_one_only_when_more_than_a_time_has_changed(jobs):
    listed = JobList()
    listed.renew(jobs)
    line = {"stage": "density", "time": 1000.0}
    (jobs[1].folder / "progress.jsonl").write_text(json.dumps(line) + "\n")
    assert not listed.renew(jobs[1:])
    assert listed.lines[0].when == 1000.0
    jobs[1].outcome = "failed"
    assert listed.renew(jobs[1:]) and listed.lines[0].state == "failed"


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_a_run_that_failed_after_a_resume_did_not_finish_whatever_results_say(tmp_path, state):
    folder = job_folder(tmp_path / "again", {"stage": "density", "state": state})
    results(folder)
    (line_of_it,) = folder_lines([folder])
    assert line_of_it.state == state


def test_what_no_engine_has_taken_up_is_queued(tmp_path):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs/request.json").write_text("{}")
    assert [one.state for one in folder_lines([tmp_path])] == ["queued"]


def test_energy_arrays_are_numbers():
    history = History()
    assert len(history.energies) == 0
    assert history.energies.lowest.dtype == np.float64


@pytest.mark.parametrize(
    ("elapsed", "expected", "told"),
    [(30, 200, "30 s of about 3 min 20 s"), (3, 3, "3 s of about 3 s"), (240, 3, "4 min 00 s"),
     (3.5, 3, "4 s of about 4 s")],
)  # fmt: skip
def test_what_was_expected_is_told_only_while_it_may_be_true(elapsed, expected, told):
    from chimerax.critasser.tool.stages import of_about

    assert of_about(elapsed, expected) == told


def test_places_of_a_fit_have_their_own_scores(tmp_path):
    (tmp_path / "results.json").write_text(
        json.dumps({"models": [{"file": "5_models/model_1.cif", "share_near": 0.9,
                                "correlation": 0.6}]})
    )  # fmt: skip
    (row,) = read_outcome(tmp_path).models
    assert (row.near, row.pcc, row.etm, row.confidence) == (0.9, 0.6, None, None)


def test_a_stage_has_a_title_wherever_it_is_named():
    from chimerax.critasser.jobs.stage_titles import title_of

    assert title_of("decoys") == "Choose among the decoys"
    assert title_of("something_new") == "Something new" and title_of("") == ""
