"""No protein is in two splits, and what judges stays unseen."""

from critasser.data.splits import Member, splits_of


def member(name, *clusters, split=""):
    return Member(name, frozenset(clusters), split)


def test_entries_that_share_a_protein_share_their_split():
    members = [member("a", "1", "2"), member("b", "2", "3"), member("c", "3"), member("d", "4")]
    for seed in range(20):
        first, second, third, _ = splits_of(members, 0.5, seed)
        assert first == second == third


def test_about_the_share_that_is_asked_for_validates():
    members = [member(f"e{k}", f"c{k}") for k in range(1000)]
    for share in (0.05, 0.3):
        assert 0.6 * share < splits_of(members, share, 0).count("val") / 1000 < 1.4 * share


def test_a_longer_list_moves_no_entry():
    members = [member(f"e{k}", f"c{k}") for k in range(400)]
    assert splits_of(members, 0.1, 0)[:200] == splits_of(members[:200], 0.1, 0)


def test_some_protein_validates_where_there_are_two():
    for seed in range(5):
        assert sorted(splits_of([member("a", "1"), member("b", "2")], 0.01, seed)) == [
            "train", "val",
        ]  # fmt: skip
    assert splits_of([member("a", "1")], 0.01, 0) == ["train"]
    assert splits_of([member("a", "1"), member("b", "2")], 0.0, 0) == ["train", "train"]


def test_a_family_that_is_everywhere_is_trained_on():
    members = [member(f"a{k}", "antibody") for k in range(50)]
    members += [member(f"e{k}", f"c{k}") for k in range(50)]
    for seed in range(30):
        assert splits_of(members, 0.5, seed)[0] == "train"


def test_the_list_s_split_holds_for_all_that_is_related():
    members = [member("a", "1", split="val"), member("b", "1", "2")]
    members += [member("c", "2", split="train")]
    assert splits_of(members, 0.0, 0) == ["val"] * 3


def test_relatives_of_known_chains_go_where_these_are():
    members = [
        member("a", "1"), member("b", "2"), member("c", "3"),
        member("", "1", split="bench"), member("", "2", split="train"),
    ]  # fmt: skip
    for seed in range(10):
        assert splits_of(members, 0.5, seed)[:2] == ["bench", "train"]
