import numpy as np
import pytest

from kontur.errors import InputError
from kontur.measure.plots.pictures import Pictures
from kontur.measure.plots.plan import PlotRequest, make_plan, objects
from kontur.measure.sources.source import Picture
from tests.measure.plots.tables import made_up, measured


def files(plan):
    return [plot.file for plot in plan.plots]


def test_unasked_the_main_columns_are_drawn():
    plan = make_plan(made_up(), PlotRequest())
    names = ["area", "circularity", "solidity"]
    assert files(plan) == [
        *(f"distribution-{name}.png" for name in names),
        "scatter-area-circularity.png",
    ]
    assert plan.groups.by == "state"
    assert [row[:4] for row in plan.summary[:2]] == [
        ("area (µm²)", "dead", "3", "60"),
        ("area (µm²)", "live", "3", "60"),
    ]


def test_a_request_is_drawn_and_nothing_else():
    wanted = PlotRequest(columns=["solidity"], scatters=[("solidity", "area")])
    assert files(make_plan(made_up(), wanted)) == [
        "distribution-solidity.png",
        "scatter-solidity-area.png",
    ]


def test_with_pictures_objects_are_shown_unasked_too():
    table, image, found = measured()
    read = {name: lambda: Picture(found, image) for name in "ab"}
    plan = make_plan(table, PlotRequest(), Pictures(table, read))
    assert files(plan)[-3:] == ["gallery-area.png", "outlines-area-a.png", "outlines-area-b.png"]
    one = table.iloc[:1]
    plan = make_plan(one, PlotRequest(), Pictures(one, read))
    assert files(plan) == ["gallery-area.png", "outlines-area-a.png"]
    assert "one object" in plan.notes[0]
    for plot in plan.plots:
        assert plot.draw().axes


def test_a_column_of_kinds_colours_outlines_too():
    table, image, found = measured()
    table["kind"] = ["long", "round", "long", "long"] * 2
    read = {name: lambda: Picture(found, image) for name in "ab"}
    plan = make_plan(table, PlotRequest(colours=["kind", "on_border"]), Pictures(table, read))
    assert files(plan)[0] == "outlines-kind-a.png"
    assert all(plot.draw().legends for plot in plan.plots)


def test_regions_to_ignore_are_left_out_and_counted():
    for truth in (True, 1, "True"):
        table = made_up()
        table["ignore"] = [truth] * 20 + [type(truth)(0) if truth is not None else 0] * 100
        kept, notes = objects(table)
        assert len(kept) == 100
        assert notes == ["left out: 20 rows of regions to ignore"]
        assert kept.attrs == table.attrs
    with pytest.raises(InputError, match="all 120 rows are regions to ignore"):
        objects(made_up(ignore=True))


def test_rows_without_a_value_are_counted():
    table = made_up()
    table.loc[:1, "area"] = np.nan
    assert make_plan(table, PlotRequest(columns=["area"])).notes == (
        "area: no value in 2 of 120 rows",
    )


def test_files_of_any_name_are_apart():
    table = made_up()
    for name in ("a/b", "a:b", "A b"):
        table[name] = table["area"]
    wanted = PlotRequest(columns=["a/b", "a:b", "A b"])
    assert files(make_plan(table, wanted)) == [
        "distribution-a-b.png",
        "distribution-a-b-2.png",
        "distribution-A-b-3.png",
    ]


@pytest.mark.parametrize(
    ("table", "wanted", "sentence"),
    [
        (made_up().iloc[:0], PlotRequest(), "the table has no rows"),
        (made_up().iloc[:1], PlotRequest(columns=["area"]), "the table has one object"),
        (made_up().iloc[:1], PlotRequest(), "the table has one object"),
        (made_up()[["image", "state"]], PlotRequest(), "no column of the table can be drawn"),
        (made_up(), PlotRequest(galleries=["area"]), "--images"),
        (made_up(), PlotRequest(only=["w00"]), "--images"),
        (made_up(), PlotRequest(columns=["aera"]), "did you mean 'area'"),
        (made_up(same=1), PlotRequest(columns=["same"]), "'same' is 1 in all 120 rows"),
        (
            made_up(a=[1.0, 2] + [np.nan] * 118, b=[np.nan] * 118 + [1.0, 2]),
            PlotRequest(scatters=[("a", "b")]),
            "'a' and 'b' have values together in 0 rows",
        ),
    ],
)
def test_what_cannot_be_plotted_is_reported_in_a_sentence(table, wanted, sentence):
    with pytest.raises(InputError, match=sentence):
        make_plan(objects(table)[0], wanted)


def test_columns_are_chosen_by_patterns_and_kinds_as_for_learning():
    table = made_up(solidity=0.5)
    assert files(make_plan(table, PlotRequest(columns=["circ*", "4"]))) == [
        "distribution-circularity.png",
        "distribution-area.png",
    ]
    plan = make_plan(table, PlotRequest(columns=["form"]))
    assert files(plan) == ["distribution-area.png", "distribution-circularity.png"]
    assert "not drawn: column 'solidity' is 0.5 in all" in plan.notes[0]
    with pytest.raises(InputError, match=r"no column of sol\* can be drawn"):
        make_plan(table, PlotRequest(columns=["sol*"]))
    with pytest.raises(InputError, match="did you mean 'area'"):
        make_plan(table, PlotRequest(columns=["aera"]))
