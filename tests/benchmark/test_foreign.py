"""Tables of fits count what is in the map and what is not."""

from benchmark import foreign, rigid_fit


def test_a_model_of_another_fold_is_counted_apart():
    def one(kind, fit, used, tm=1.0, told=False):
        return {"set": "predicted", "kind": kind, "fit": fit, "fit_told": told, "used": used,
                "own_tm": tm, "program": "abc"}  # fmt: skip

    rows = [one("model", True, True), one("model", False, True),
            one("model", True, True, tm=0.4, told=True),
            one("misnamed", False, False), one("misnamed", False, True)]  # fmt: skip
    text = foreign.table(rows)
    assert "| predicted | model | 2 | 1 | 0 | 0 |" in text
    assert "| predicted | another fold of it | 1 | 0 | 1 | 0 |" in text
    assert "| predicted | misnamed | 2 | 2 | 0 | 1 |" in text
    assert "Program abc" in text


def test_chains_that_are_not_in_a_map_count_as_foreign():
    common = {"set": "complex", "resolution": 6.0, "length": 100, "seconds": 5.0, "program": "a"}
    rows = [common | {"in_map": True, "right": right, "sure": True} for right in (True, False)]
    rows.append(common | {"in_map": False, "sure": False})
    assert "| complex | 6 | 2 | 50% | 100% | 1 | 0% | 10 |" in rigid_fit.table(rows)
