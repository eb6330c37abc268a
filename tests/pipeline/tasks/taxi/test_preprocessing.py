from collections import Counter

import numpy as np
import pytest

from pipeline.tasks.taxi import preprocessing
from pipeline.tasks.taxi.preprocessing import AREAS, BUCKETS, COORDINATES, LOG_SCALED

NUMBERS = [f"{name}_scaled" for name in (*LOG_SCALED, *COORDINATES)]
OPTIONAL = ("trip_seconds", *COORDINATES, "pickup_community_area", "dropoff_community_area", "company")
MISSING_BUCKET = BUCKETS - 1


def _words(trips) -> dict[str, int]:
    return {word.decode(): number for number, word in enumerate(trips.output.vocabulary_by_name("words"))}


def test_every_feature_is_one_column_without_a_gap(trips):
    for name, values in trips.features.items():
        assert values.shape == (len(trips.raw), 1), name
        assert values.dtype == (np.float32 if name in NUMBERS else np.int64), name
        assert np.isfinite(values).all(), name


def test_the_declared_features_are_those_that_come_out(trips):
    spec = trips.output.transformed_feature_spec()
    assert set(spec) == set(trips.features)
    assert {tuple(feature.shape) for feature in spec.values()} == {(1,)}


def test_the_label_passes_unchanged(trips):
    assert trips.features["big_tip"][:, 0].tolist() == [trip["big_tip"] for trip in trips.raw]


def test_the_label_need_not_be_there(trips):
    without = [{name: value for name, value in trip.items() if name != "big_tip"} for trip in trips.raw[:20]]
    features = trips.transform(without)
    for name in set(trips.features) - {"big_tip"}:
        np.testing.assert_array_equal(features[name], trips.features[name][:20])


@pytest.mark.parametrize("name", [*LOG_SCALED, *COORDINATES])
def test_numbers_are_z_scores_of_the_values_that_are_there(trips, name):
    column = trips.column(name)
    values = np.log1p(column) if name in LOG_SCALED else column
    expected = np.nan_to_num((values - np.nanmean(values)) / np.nanstd(values))
    # float32: a coordinate near 42 or -88 keeps about 4e-6, and its spread is 0.03.
    np.testing.assert_allclose(trips.features[f"{name}_scaled"][:, 0], expected, atol=2e-3)


@pytest.mark.parametrize("name", COORDINATES)
def test_coordinates_fall_into_ordered_buckets_and_missing_ones_into_their_own(trips, name):
    column, buckets = trips.column(name), trips.features[f"{name}_bucket"][:, 0]
    assert (buckets[np.isnan(column)] == MISSING_BUCKET).all()
    there = ~np.isnan(column)
    assert buckets[there].max() < MISSING_BUCKET
    assert (np.diff(buckets[there][np.argsort(column[there])]) >= 0).all()


def test_the_fare_crosses_the_payment_type_by_quantiles(trips):
    cross = trips.features["payment_fare_cross"][:, 0]
    np.testing.assert_array_equal(cross // BUCKETS, trips.features["payment_type_id"][:, 0])
    quantiles = cross % BUCKETS
    assert (np.diff(quantiles[np.argsort(trips.column("fare"))]) >= 0).all()
    shares = np.bincount(quantiles, minlength=BUCKETS) / len(quantiles)
    # 5 % each; the sketch errs by 1 %, and equal fares, up to 4 % of all, stay together.
    assert shares[:MISSING_BUCKET].min() > 0.01
    assert shares[:MISSING_BUCKET].max() < 0.10
    assert shares[MISSING_BUCKET] == 0


def test_areas_cross(trips):
    pickup, dropoff = (np.nan_to_num(trips.column(f"{end}_community_area")) for end in ("pickup", "dropoff"))
    np.testing.assert_array_equal(trips.features["area_cross"][:, 0], pickup * AREAS + dropoff)


def test_words_get_their_rank_and_rare_ones_share_the_last_id(trips):
    words = _words(trips)
    seen = Counter(trip["payment_type"].decode() for trip in trips.raw)
    seen += Counter((trip["company"] or b"(missing)").decode() for trip in trips.raw)
    assert set(words) == {word for word, count in seen.items() if count >= 10}
    for trip, number in zip(trips.raw, trips.features["company_id"][:, 0], strict=True):
        assert number == words.get((trip["company"] or b"(missing)").decode(), len(words))


def test_an_unseen_word_is_not_a_missing_one(trips):
    words = _words(trips)
    features = trips.transform([{**trips.raw[0], "company": "Brand New Cabs"}, {**trips.raw[0], "company": None}])
    assert features["company_id"][:, 0].tolist() == [len(words), words["(missing)"]]


def test_a_trip_with_nothing_optional_is_fine(trips):
    bare = {**trips.raw[0], **dict.fromkeys(OPTIONAL)}
    features = trips.transform([bare])
    assert features["area_cross"] == 0
    assert features["trip_seconds_scaled"] == 0
    assert features["pickup_latitude_bucket"] == MISSING_BUCKET


def test_what_is_out_of_its_domain_stays_inside_the_table(trips):
    wild = {"trip_start_hour": 99, "trip_start_month": -1, "pickup_community_area": 10**12, "fare": -5.0}
    features = trips.transform([{**trips.raw[0], **wild}])
    assert features["trip_start_hour"] == 23
    assert features["trip_start_month"] == 0
    assert features["pickup_community_area"] == AREAS - 1
    assert features["fare_scaled"] == trips.transform([{**trips.raw[0], "fare": 0.0}])["fare_scaled"]


def test_a_trip_does_not_depend_on_its_batch(trips):
    for number in (0, 7, 1499):
        alone = trips.transform([trips.raw[number]])
        for name, values in alone.items():
            np.testing.assert_array_equal(values[0], trips.features[name][number])


def test_nothing_but_the_label_is_made_from_it(trips):
    flipped = trips.transform([{**trip, "big_tip": 1 - trip["big_tip"]} for trip in trips.raw[:50]])
    for name in set(flipped) - {preprocessing.LABEL}:
        np.testing.assert_array_equal(flipped[name], trips.features[name][:50])
