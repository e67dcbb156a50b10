"""Columns that are suggested as groups hold names of origins, not counts or outcomes."""

import numpy as np
import pandas as pd
import pytest

from kontur.measure.learn.group_columns import group_column
from kontur.measure.learn.leakage import image_note
from kontur.measure.learn.task import make_task
from tests.measure.learn.tables import objects

IMAGES = pd.Series([f"image_{k:02}" for k in range(16)])
NUMBER = np.arange(16)
SHUFFLED = np.random.default_rng(3).permutation(16)


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("plate", NUMBER // 4, "named as an origin, 4 values of 4 images each"),
        ("patientID", SHUFFLED // 2, "named as an origin, 8 values of 2 images each"),
        ("Slide number", (SHUFFLED // 5).astype(float), "named as an origin, 4 values of 1 to 5"),
        ("day", [f"2026-11-{k // 4:02}" for k in NUMBER], "named as an origin, 4 values of 4"),
        ("Metadata_Plate", NUMBER // 4, "named as an origin, 4 values"),
        ("acquisition_date", 20261101 + NUMBER // 4, "named as an origin, 4 values of 4"),
        # Names in one word, and numbers that skip some:
        *((name, 7 * (NUMBER // 4), "4 values of 4 images") for name in ("case_id", "slideno")),
        *((name, 7 * (NUMBER // 4), "4 values of 4 images") for name in ("PATIENTID", "plate")),
        *((name, NUMBER // 4, "4 values of 4 images") for name in ("sample", "well", "imagerun")),
        ("sample", 1 + NUMBER // 4, "4 values of 4 images"),
    ],
)
def test_names_of_origins_are_groups_and_the_reason_is_given(name, values, why):
    assert why in group_column(name, pd.Series(values), IMAGES).reason


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("n_dead", SHUFFLED // 3),
        ("worms", SHUFFLED // 3),  # a count of another name: scattered whole numbers
        ("patient_age", 40 + SHUFFLED // 3),
        ("cells_per_well", NUMBER // 4),
        ("viable", SHUFFLED % 2 == 0),
        ("motion", np.array(["none", "weak", "strong"])[SHUFFLED % 3]),
        ("survival", SHUFFLED // 4 / 4),
        ("exposure", NUMBER // 4 + 0.5),  # fractions name nothing
        ("genotype", np.array(["wt", "ko"])[NUMBER // 8]),
        ("patient", NUMBER),  # one image each: joins nothing
        ("treated", np.array(["no", "yes"])[NUMBER // 8]),
        # Numbers of days, and how many of something there were:
        *((name, NUMBER // 4) for name in ("day", "day_number", "date")),
        *((name, 10 + SHUFFLED // 3) for name in ("sample", "case", "litter", "cases")),
        ("plate", NUMBER // 8),  # two values are a condition
        ("caseload", NUMBER // 4),
        # Conditions in the order of the images, and texts of many values, name no origin:
        *((name, NUMBER // 4) for name in ("phenotype_code", "objective", "z_position", "time_h")),
        *((name, [f"v{k // 2}" for k in SHUFFLED]) for name in ("drug", "compound", "gene")),
        # Nor do words for something of an origin, or for what each origin numbers anew:
        *((name, NUMBER // 4) for name in ("mouse_strain", "run_time", "well_row", "plate_drug")),
        *((name, NUMBER % 4) for name in ("site", "field", "site_in_well", "replicate")),
    ],
)
def test_counts_outcomes_and_amounts_are_no_groups(name, values):
    assert group_column(name, pd.Series(values), IMAGES) is None


def test_images_named_by_numbers_and_by_texts_are_groups_as_well():
    images = pd.Series([*range(8), *IMAGES[8:]], dtype=object)
    assert "4 values of 4 images" in group_column("patient", pd.Series(NUMBER // 4), images).reason
    assert group_column("made", pd.Series(NUMBER // 4), images) is None


def test_the_warning_of_leakage_names_groups_with_their_reasons_and_no_counts():
    table = objects()
    number = table["image"].str[-2:].astype(int)
    table["plate"] = number // 4
    table["count"] = SHUFFLED[number] // 3
    note = image_note(make_task(table, "state"))
    assert "use --group plate (named as an origin, 4 values of 4 images each)" in note
    assert "count" not in note
    alone = image_note(make_task(table.drop(columns="plate"), "state"))
    assert alone.endswith("add such a column and use it as --group")
