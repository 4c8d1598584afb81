"""Residues of files whose chains have no names, or one number twice, are told apart."""

from chimerax.atomic import Residue

PROTEIN, WATER = 1, 0


def residues(*names):
    made = []
    for chain, number, code, kind in names:
        residue = Residue(chain, number, 50.0)
        residue.insertion_code, residue.polymer_type = code, kind
        made.append(residue)
    return made


def named(*names):
    from chimerax.critasser.jobs.residue_names import names_of

    found = residues(*names)
    known = names_of(found)
    return [known[one] for one in found]


def test_a_chain_without_a_name_has_the_engines_word_for_it():
    assert named((" ", 1, " ", PROTEIN), ("", 2, "A", PROTEIN)) == [("_", 1, ""), ("_", 2, "A")]


def test_two_chains_of_one_name_get_names_of_their_own_as_wholes():
    twice = [("A", n, "", PROTEIN) for n in (1, 2, 3, 2, 3, 4)]
    chains = [chain for chain, _, _ in named(*twice)]
    assert chains == ["A", "A", "A", "A-2", "A-2", "A-2"]
    blank = [(" ", n, "", PROTEIN) for n in (1, 2, 1, 2, 1, 2)]
    assert [chain for chain, _, _ in named(*blank)] == ["_", "_", "_-2", "_-2", "_-3", "_-3"]


def test_a_new_name_is_no_other_chains():
    found = named(("A", 1, "", PROTEIN), ("A", 1, "", PROTEIN), ("A-2", 1, "", PROTEIN))
    assert [chain for chain, _, _ in found] == ["A", "A-3", "A-2"]


def test_water_with_the_number_of_a_residue_keeps_its_chain():
    assert named(("A", 1, "", PROTEIN), ("A", 1, "", WATER)) == [("A", 1, ""), ("A", 1, "")]


def test_insertion_codes_are_no_repeats_in_whatever_order():
    found = named(*[("A", 5, code, PROTEIN) for code in ("B", "A", "")])
    assert found == [("A", 5, "B"), ("A", 5, "A"), ("A", 5, "")]
