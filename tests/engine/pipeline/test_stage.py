"""A stage's body learns nothing that the stage does not declare."""

import pytest

from critasser.errors import InputError
from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.stage import Stage
from critasser.shipped import shipped


def first(context):
    context.file("1_calpha/a.txt").write_text("a")
    context.note(models=2, size=3.5)


FIRST = Stage("first", first)


@pytest.mark.parametrize(
    "body",
    [
        lambda context: context.read("1_calpha/a.txt"),
        lambda context: context.read_all("5_models/atoms_{model}.npz"),
        lambda context: context.fact("size"),
        lambda context: context.external("map"),
        lambda context: context.all_external("template_*"),
        lambda context: context.rng.random(),
    ],
    ids=["file", "files", "fact", "map", "templates", "random numbers"],
)
def test_what_is_not_declared_is_refused(job, task, body):
    with pytest.raises(LookupError, match="stage second does not declare"):
        run_stages(job, [FIRST, Stage("second", body)], task())


@pytest.mark.parametrize("noted", [[], [1.0, 2.0], ["1"], [float("inf")], [True], "x", {}])
def test_numbers_that_no_stage_noted_are_refused(job, task, noted):
    """The task has one chain."""
    first = Stage("first", lambda context: context.note(evidence=noted, room=noted))
    for ask in ("numbers_noted", "number_noted"):
        name = "evidence" if ask == "numbers_noted" else "room"
        second = Stage(
            "second", lambda context, a=ask, n=name: getattr(context, a)(n),
            facts={"evidence": "first", "room": "first"},
        )  # fmt: skip
        with pytest.raises(InputError, match=f"what stage first noted of {name}"):
            run_stages(job, [first, second], task())


def test_numbers_are_given_as_they_were_noted(job, task):
    given = []

    def second(context):
        given.extend([context.numbers_noted("evidence"), context.number_noted("room")])

    facts = {"evidence": "first", "room": "first"}
    for noted in ({}, {"evidence": [2], "room": 3.5}):
        first = Stage(
            "first", lambda context, noted=noted: context.note(**noted),
            settings=lambda _, noted=noted: noted,
        )  # fmt: skip
        run_stages(job, [first, Stage("second", second, facts=facts)], task())
    assert given == [None, None, (2.0,), 3.5]


def test_what_is_declared_is_given(job, task):
    given = {}

    def second(context):
        given["text"] = context.read("1_calpha/a.txt").read_text()
        given["size"] = context.fact("size")
        given["map"] = context.external("map")
        given["contacts"] = context.external("contacts")
        given["table"] = context.external("trace.npz")
        given["seed"] = context.settings["seed"]

    stage = Stage(
        "second", second, reads=("1_calpha/a.txt",), facts={"size": "first"},
        settings=lambda task: {"seed": task.options.seed},
        external=("map", "contacts", "trace.npz"),
    )  # fmt: skip
    one = task(seed=5)
    run_stages(job, [FIRST, stage], one)
    assert given == {
        "text": "a", "size": 3.5, "map": one.inputs.map, "contacts": None,
        "table": shipped("trace.npz"), "seed": 5,
    }  # fmt: skip


def each(context):
    context.file(f"5_models/atoms_{context.part + 1}.npz").write_text(f"{context.rng.random()}")


EACH = Stage("each", each, draws=True, parts="first")


def test_a_stage_with_parts_does_one_model_each_and_a_later_one_reads_all(job, task):
    read = []

    def together(context):
        read.extend(path.name for path in context.read_all("5_models/atoms_{model}.npz"))

    last = Stage("last", together, reads=("5_models/atoms_{model}.npz",))
    run_stages(job, [FIRST, EACH, last], task())
    assert read == ["atoms_1.npz", "atoms_2.npz"]
    assert list(job.markers) == ["first", "each_1", "each_2", "last"]
    values = [job.path(f"5_models/{name}").read_text() for name in read]
    assert values[0] != values[1]


def test_what_each_part_noted_is_given_in_order(job, task):
    given = []
    noting = Stage("each", lambda context: context.note(number=context.part), parts="first")
    last = Stage("last", lambda context: given.append(context.fact("number")),
                 facts={"number": "each"})  # fmt: skip
    run_stages(job, [FIRST, noting, last], task())
    assert given == [[0, 1]]


def counting(calls, name, **declared):
    return Stage(name, lambda context: calls.append(name), **declared)


def test_a_changed_fact_file_or_setting_runs_what_declares_it_and_nothing_else(job, task):
    calls = []

    def noting(size):
        return Stage("first", lambda c: c.note(size=size), settings=lambda _: {"size": size})

    def stages(size):
        return [
            noting(size),
            counting(calls, "fact", facts={"size": "first"}),
            counting(calls, "setting", settings=lambda task: {"models": task.options.models}),
            counting(calls, "external", external=("map",)),
            counting(calls, "seed", draws=True),
            counting(calls, "nothing"),
        ]

    def ran(size, checksums=(), **options):
        calls.clear()
        one = task(checksums, **options)
        job.seed = one.options.seed
        run_stages(job, stages(size), one)
        return list(calls)

    assert ran(1.0) == ["fact", "setting", "external", "seed", "nothing"]
    assert ran(1.0) == []
    assert ran(2.0) == ["fact"]
    assert ran(2.0, models=3) == ["setting"]
    assert ran(2.0, {"map": "ab", "mask": "cd"}, models=3) == ["external"]
    assert ran(2.0, {"map": "ab"}, models=3, seed=9) == ["seed"]


def test_what_tells_of_the_run_is_made_again_whenever_another_stage_was(job, task):
    calls = []
    last = counting(calls, "last", of_run=True)

    def ran(number):
        calls.clear()
        one = counting(calls, "one", settings=lambda _: {"number": number})
        run_stages(job, [one, last], task())
        return list(calls)

    assert ran(1) == ["one", "last"]
    assert ran(1) == []
    assert ran(2) == ["one", "last"]
