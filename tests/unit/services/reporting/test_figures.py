"""The four figures against a naive count by loops over dictionaries."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from services.reporting.rules.activities import Activity, Announced, row_key
from services.reporting.rules.figures import Cells, Counted, Figure, Figures, figures, layers
from shared.codes import age_band

DIMENSIONS = ("sex", "age_band", "group", "group_any", "disability", "residence")
EVERY_CROSSING = [by for n in range(4) for by in combinations(DIMENSIONS, n)]

people = st.fixed_dictionaries(
    {
        "sex": st.sampled_from([None, "female", "male", "other"]),
        "birth_year": st.sampled_from([None, 1850, 1955, 1985, 1986, 1997, 2003, 2004, 2010]),
        "groups": st.lists(st.sampled_from(["youth", "media", "womens_group"]), unique=True),
        "disability": st.sampled_from([None, "with", "without"]),
        "residence": st.sampled_from([None, "ML.SIK", "ML.SEG"]),
    }
)


@dataclass
class World:
    """People by number (with gaps, as they come), activities as the model takes them."""

    people: dict[int, dict[str, Any]]
    activities: list[Counted] = field(default_factory=list)

    def bits(self) -> dict[str, dict[str, BitMap]]:
        found: dict[str, dict[str, BitMap]] = {}
        for number, person in self.people.items():
            values = {
                "sex": [person["sex"]],
                "birth_year": [person["birth_year"]],
                "group": person["groups"][:1],
                "group_any": person["groups"],
                "disability": [person["disability"]],
                "residence": [person["residence"]],
            }
            for attribute, of_person in values.items():
                for value in of_person:
                    if value is not None:
                        members = found.setdefault(attribute, {})
                        members.setdefault(str(value), BitMap()).add(number)
        return found

    def figures(self, by: Sequence[str]) -> Figures:
        return figures(self.activities, Cells(by, self.bits(), age_band))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    # Some attend whom nobody has described yet: 7 and 131072 are in no attribute.
    known = {3 + 70_000 * i: person for i, person in enumerate(draw(st.lists(people, max_size=6)))}
    attendee = st.sampled_from([*known, 7, 131_072])
    activity = st.builds(
        Counted,
        year=st.sampled_from([2021, 2022, 2026]),
        announced=st.builds(Announced, st.integers(0, 9)),
        sheets=st.lists(st.builds(BitMap, st.sets(attendee)), max_size=3),
    )
    return World(known, draw(st.lists(activity, max_size=5)))


def keys_of(world: World, number: int, by: Sequence[str], year: int) -> list[tuple[str, ...]]:
    """The cells a person stands in: one, or several where a dimension overlaps."""
    person = world.people.get(number, {})
    found: list[tuple[str, ...]] = [()]
    for dim in by:
        if dim == "age_band":
            values = [age_band(person.get("birth_year"), year)]
        elif dim in ("group", "group_any"):
            groups = person.get("groups") or ["unknown"]
            values = groups if dim == "group_any" else groups[:1]
        else:
            values = [person.get(dim) or "unknown"]
        found = [(*keys, value) for keys in found for value in values]
    return found


def counted_naively(world: World, by: Sequence[str]) -> dict[str, Counter[tuple[str, ...]]]:
    sessions: Counter[tuple[str, ...]] = Counter()
    per_activity: Counter[tuple[str, ...]] = Counter()
    unique: Counter[tuple[str, ...]] = Counter()
    for activity in world.activities:
        for sheet in activity.sheets:
            for number in sheet:
                sessions.update(keys_of(world, number, by, activity.year))
        for number in {number for sheet in activity.sheets for number in sheet}:
            per_activity.update(keys_of(world, number, by, activity.year))
    for number in {n for a in world.activities for sheet in a.sheets for n in sheet}:
        came = [a.year for a in world.activities if any(number in sheet for sheet in a.sheets)]
        unique.update(keys_of(world, number, by, max(came)))
    return {
        "person_sessions": sessions,
        "unique_per_activity": per_activity,
        "unique_people": unique,
    }


@given(worlds(), st.sampled_from([by for by in EVERY_CROSSING if by]))
@settings(max_examples=400, deadline=None)
def test_every_cell_of_every_crossing_equals_a_naive_count(
    world: World, by: tuple[str, ...]
) -> None:
    found = world.figures(by)
    for name, cells in counted_naively(world, by).items():
        assert dict(getattr(found, name).cells) == dict(cells), name


@given(worlds(), st.sampled_from(EVERY_CROSSING))
@settings(max_examples=200, deadline=None)
def test_cells_add_up_to_the_total_unless_the_dimension_overlaps(
    world: World, by: tuple[str, ...]
) -> None:
    found = world.figures(by)
    totals = {name: sum(cells.values()) for name, cells in counted_naively(world, ()).items()}
    for name in ("announced", "person_sessions", "unique_per_activity", "unique_people"):
        figure: Figure = getattr(found, name)
        if name != "announced":
            assert figure.total == totals[name]
        if not by:
            assert not figure.cells
        elif "group_any" in by:
            assert sum(figure.cells.values()) >= figure.total
        else:
            assert sum(figure.cells.values()) == figure.total


@given(st.lists(st.builds(BitMap, st.sets(st.integers(0, 200_000))), max_size=9))
@settings(deadline=None)
def test_layers_count_how_often_each_person_is_in_a_set(sets: list[BitMap]) -> None:
    before = [BitMap(each) for each in sets]
    found: Counter[int] = Counter()
    for position, layer in enumerate(layers(sets)):
        found.update(dict.fromkeys(layer, 2**position))
    assert found == Counter(number for each in sets for number in each)
    assert sets == before, "adding up changed a sheet"


def a_world_of_two_trainings() -> World:
    described = {"birth_year": 1990, "groups": ["youth", "media"], "disability": None}
    described["residence"] = "ML.SIK"
    everyone = {n: {**described, "sex": "female" if n < 6 else "male"} for n in range(10)}
    first = Counted(2021, Announced(12), [BitMap(range(8)), BitMap(range(4))])
    second = Counted(2022, Announced(3), [BitMap([8, 9])])
    return World(everyone, [first, second])


def test_moving_five_people_to_another_session_changes_exactly_their_cells() -> None:
    world = a_world_of_two_trainings()
    before = world.figures(["sex"])
    first, second = world.activities
    moved = BitMap([3, 4, 5, 6, 7])  # 3, 4, 5 are women; 3 stays in the other session
    world.activities = [
        replace(first, sheets=[first.sheets[0] - moved, first.sheets[1]]),
        replace(second, sheets=[second.sheets[0] | moved]),
    ]
    after = world.figures(["sex"])
    assert after.person_sessions == before.person_sessions
    assert after.unique_people == before.unique_people
    assert after.unique_per_activity == Figure(11, {("female",): 7, ("male",): 4})
    assert before.unique_per_activity == Figure(10, {("female",): 6, ("male",): 4})


def test_an_activity_that_no_longer_counts_takes_all_its_figures_out() -> None:
    world = a_world_of_two_trainings()
    world.activities = world.activities[1:]
    assert world.figures(["sex"]) == Figures(
        announced=Figure(3, {("unknown",): 3}),
        person_sessions=Figure(2, {("male",): 2}),
        unique_per_activity=Figure(2, {("male",): 2}),
        unique_people=Figure(2, {("male",): 2}),
    )


def test_age_is_that_at_each_activity_and_of_people_that_at_their_own_last_one() -> None:
    # Both were born in 1985: 35 in 2020, 37 in 2022. The second came in 2020 alone.
    born_1985 = {**a_world_of_two_trainings().people[0], "birth_year": 1985}
    world = World(
        {1: born_1985, 2: born_1985},
        [Counted(2022, Announced(), [BitMap([1])]), Counted(2020, Announced(), [BitMap([1, 2])])],
    )
    found = world.figures(["age_band"])
    assert dict(found.person_sessions.cells) == {("25_35",): 2, ("36_59",): 1}
    assert dict(found.unique_per_activity.cells) == {("25_35",): 2, ("36_59",): 1}
    assert dict(found.unique_people.cells) == {("25_35",): 1, ("36_59",): 1}


def test_what_was_announced_without_description_is_unknown() -> None:
    announced = Announced(
        10, (({"sex": "female", "age_band": "18_24"}, 4), ({"sex": "male", "group": "youth"}, 3))
    )

    def split(*by: str) -> dict[tuple[str, ...], int]:
        activity = Counted(2021, announced, [])
        return dict(figures([activity], Cells(by, {}, age_band)).announced.cells)

    assert split("sex") == {("female",): 4, ("male",): 3, ("unknown",): 3}
    assert split("sex", "group") == {
        ("female", "unknown"): 4,
        ("male", "youth"): 3,
        ("unknown", "unknown"): 3,
    }
    assert split("residence") == split("group_any") == {("unknown",): 10}


def test_an_activity_stands_in_the_rows_of_its_day() -> None:
    held = Activity("a", "ML", "training", "completed", "2020-12-28")
    rows = {name: row_key(held, name) for name in ("month", "quarter", "year", "chapter")}
    assert rows == {"month": "2020-12", "quarter": "2020-Q4", "year": "2020", "chapter": "ML"}


def test_a_stored_day_that_nobody_can_read_costs_no_other_activity_its_row() -> None:
    held = Activity("a", "ML", "training", "completed", "2020-W53-1")
    rows = {name: row_key(held, name) for name in ("month", "quarter", "year", "chapter")}
    assert rows == {"month": "unknown", "quarter": "unknown", "year": "unknown", "chapter": "ML"}


def test_where_people_live_is_the_region_of_the_year() -> None:
    bits = {"residence": {"ML.SIK.YAN": BitMap([1, 2]), "ML.06": BitMap([3])}}
    cells = Cells(["residence"], bits, age_band)
    held = [Counted(year, Announced(), [BitMap([1, 2, 3])]) for year in (2021, 2024)]

    found = figures(held, cells)

    assert found.person_sessions.cells == {("ML.SIK",): 4, ("ML.BOU",): 2}
    assert found.unique_people.cells == {("ML.SIK",): 1, ("ML.BOU",): 2}


def test_an_activity_stands_in_the_row_of_its_region_of_the_day() -> None:
    def row(place: str, day: str) -> str:
        return row_key(Activity("a", "ML", "media", "held", day, place=place), "admin1")

    assert row("ML.SIK.YAN.KALANA", "2021-06-14") == "ML.SIK"
    assert row("ML.SIK.YAN.KALANA", "2024-06-14") == "ML.BOU"
    assert row("ML.06.KAD", "2024-06-14") == "ML.SIK"
    assert row("ML", "2024-06-14") == "unknown"
