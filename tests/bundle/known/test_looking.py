"""Known structures are found here and in databases, however these answer."""

import json

import pytest

from tests.bundle.known.database_server import (
    ACCESSION,
    BAD,
    LETTERS,
    NAME,
    OTHER,
    PAE,
    error,
    hits,
    model,
)


def look(tmp_path, *wanted, online=True, **options):
    from chimerax.critasser.known.looking import look

    return look(wanted, tmp_path / "downloads", online=online, **options)


def wanted(letters=LETTERS, accession="", name="mine"):
    from chimerax.critasser.known.found import Wanted

    return Wanted(name, letters, accession)


def names(looked):
    return [one.name for one in looked.found]


def test_a_predicted_model_is_found_by_accession_with_its_error(server, tmp_path):
    server.like_the_real_ones()
    looked = look(tmp_path, wanted(OTHER + LETTERS + OTHER, ACCESSION))
    (found, *_) = [one for one in looked.found if one.source == "AlphaFold DB"]
    assert found.name == NAME
    assert found.path == tmp_path / "downloads/AlphaFold" / f"{NAME}.cif"
    assert found.path.read_bytes() == model()
    assert found.error == tmp_path / "downloads/AlphaFold" / f"{PAE}.json"
    assert json.loads(found.error.read_text()) == json.loads(error(len(LETTERS)))
    assert (found.identity, round(found.coverage, 2)) == (1.0, 0.31)
    assert looked.trouble == ()


def test_without_an_accession_only_a_checksum_of_the_sequence_goes_to_alphafold(server, tmp_path):
    server.like_the_real_ones()
    assert NAME in names(look(tmp_path, wanted()))
    alphafold = [path for path, data in server.asked if "search" not in path]
    assert any(f"id={server.checksum}&type=md5" in path for path in alphafold)
    assert not any(LETTERS in path for path in alphafold)


def test_entries_of_the_pdb_are_found_the_most_alike_first_and_one_chain_is_cut_out(
    server, tmp_path
):
    server.like_the_real_ones()
    looked = look(tmp_path, wanted())
    solved = [one for one in looked.found if one.source == "PDB"]
    assert [one.name for one in solved] == ["1ABC entity 1", "2DEF entity 2"]
    assert [one.identity for one in solved] == [0.9, 0.5]
    text = solved[1].path.read_text()
    assert text.count("ATOM") == 3 and " A2 2 " in text
    (query,) = [json.loads(data) for path, data in server.asked if path == "/search"]
    assert query["query"]["parameters"]["value"] == LETTERS
    assert query["request_options"]["results_content_type"] == ["experimental"]


def test_what_was_fetched_once_is_not_fetched_again(server, tmp_path):
    server.like_the_real_ones()
    look(tmp_path, wanted())
    fetched = [path for path, _ in server.asked if path.startswith(("/files", "/download"))]
    assert len(fetched) == 4
    server.asked.clear()
    again = look(tmp_path, wanted())
    assert not [p for p, _ in server.asked if p.startswith(("/files", "/download"))]
    assert NAME in names(again)


def test_what_was_fetched_is_found_again_without_the_network(server, tmp_path):
    server.like_the_real_ones()
    look(tmp_path, wanted())
    server.asked.clear()
    looked = look(tmp_path, wanted(), online=False)
    assert server.asked == []
    assert set(names(looked)) == {NAME, "1abc_1", "2def_1"}
    assert {one.source for one in looked.found} == {"downloaded"}
    (predicted,) = [one for one in looked.found if one.name == NAME]
    assert predicted.error is not None


def test_a_protein_that_nobody_knows_is_no_trouble(server, tmp_path):
    server.like_the_real_ones()
    server.answers["/search"] = lambda handler: handler.send(b"", 204)
    server.answers.pop("/api/sequence/summary")
    looked = look(tmp_path, wanted(OTHER, "Q9XXX9"))
    assert looked.found == () and looked.trouble == ()


def test_without_a_network_there_is_a_line_for_each_service_and_what_is_here(
    offline, tmp_path
):
    (tmp_path / "downloads/AlphaFold").mkdir(parents=True)
    (tmp_path / f"downloads/AlphaFold/{NAME}.cif").write_bytes(model())
    looked = look(tmp_path, wanted())
    assert names(looked) == [NAME]
    assert set(looked.trouble) == {"127.0.0.1 cannot be reached: is there a network connection?"}


@pytest.mark.parametrize("bad", BAD)
def test_a_service_that_answers_badly_costs_a_line_and_little_time(server, tmp_path, bad):
    server.like_the_real_ones()
    server.answers["/api/sequence/summary"] = server.answers["/search"] = BAD[bad]
    looked = look(tmp_path, wanted())
    assert looked.found == ()
    if bad == "is other JSON":  # AlphaFold DB lists no structures, the PDB has to have hits
        assert len(looked.trouble) == 1
    else:
        assert looked.trouble
    for line in looked.trouble:
        assert line.startswith("127.0.0.1 ") and "\n" not in line


@pytest.mark.parametrize("bad", sorted(set(BAD) - {"is no JSON", "is other JSON"}))
def test_a_file_that_does_not_come_whole_is_not_kept(server, tmp_path, bad):
    server.like_the_real_ones()
    server.answers[f"/files/{NAME}.cif"] = BAD[bad]
    server.answers.pop("/search")
    looked = look(tmp_path, wanted())
    assert looked.found == ()
    assert not list((tmp_path / "downloads").rglob("*.cif"))


def test_a_file_that_is_no_model_is_not_kept(server, tmp_path):
    server.like_the_real_ones()
    server.answers[f"/files/{NAME}.cif"] = b"<html>maintenance</html>"
    server.answers.pop("/search")
    looked = look(tmp_path, wanted())
    assert looked.trouble == ("127.0.0.1 gives a file that is no model",)
    assert not list((tmp_path / "downloads").rglob("*.cif"))


def test_a_model_with_one_of_the_newer_names_is_found_with_its_error(server, tmp_path):
    server.like_the_real_ones()
    name = "AF-0000000065764032-{}_v1"
    place = f"/files/{name.format('model')}.cif"
    server.answers["/api/sequence/summary"] = {
        "structures": [{"summary": {"model_url": server.address + place}}]
    }
    server.answers[place] = model()
    server.answers[f"/files/{name.format('predicted_aligned_error')}.json"] = error(len(LETTERS))
    (found, *_) = [o for o in look(tmp_path, wanted()).found if o.source == "AlphaFold DB"]
    assert found.name == name.format("model") and found.error is not None


def test_a_model_without_its_error_is_of_use(server, tmp_path):
    server.like_the_real_ones()
    server.answers.pop(f"/files/{PAE}.json")
    (found, *_) = [o for o in look(tmp_path, wanted()).found if o.source == "AlphaFold DB"]
    assert found.error is None


@pytest.mark.parametrize("wrong", [error(7), b"{}", b"<html>"])
def test_an_error_that_is_not_of_the_model_is_left_alone(server, tmp_path, wrong):
    server.like_the_real_ones()
    server.answers[f"/files/{PAE}.json"] = wrong
    for online in (True, False):
        (found,) = [o for o in look(tmp_path, wanted(), online=online).found if o.name == NAME]
        assert found.error is None


def test_a_model_at_a_foreign_address_is_not_fetched(server, tmp_path):
    server.like_the_real_ones()
    server.answers["/api/sequence/summary"] = {"structures": [
        {"summary": {"model_url": f"https://evil.example/files/{NAME}.cif"}},
        {"summary": {"model_url": f"{server.address}/files/../../etc/passwd"}},
        {"summary": {"model_url": 7}}, {"summary": None}, 3,
    ]}  # fmt: skip
    server.answers.pop("/search")
    assert look(tmp_path, wanted()).found == ()


def test_hits_that_are_not_as_they_should_be_are_left_out(server, tmp_path):
    server.like_the_real_ones()
    good = hits(("1ABC_1", 0.9, 1, 33))["result_set"]
    server.answers["/search"] = {
        "result_set": [3, {"identifier": "../../x_1"}, {"identifier": "1ABC_1"},
                       *hits(("9ZZZ_1", "much", 1, 33))["result_set"], *good]
    }  # fmt: skip
    solved = [one.name for one in look(tmp_path, wanted()).found if one.source == "PDB"]
    assert solved == ["1ABC entity 1"]


def test_a_stopped_look_ends_soon(server, tmp_path):
    server.like_the_real_ones()
    server.answers["/search"] = BAD["trickles"]
    looked = look(tmp_path, wanted(), stopped=lambda: bool(server.asked))
    assert any("stopped" in line for line in looked.trouble)


def test_two_chains_of_one_sequence_are_looked_up_once(server, tmp_path):
    server.like_the_real_ones()
    look(tmp_path, wanted(name="a"), wanted(name="b"))
    assert len([path for path, _ in server.asked if path == "/search"]) == 1
