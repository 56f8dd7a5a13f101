"""What was covered, where the gaps are, and what concerns, nominations and outputs came of it."""

from services.reporting.handlers.projecting import project
from services.reporting.store.live import ReportingStore
from shared.codes import code_list
from tests.integration.services.reporting.reporting_world import question
from tests.world.events import PROJECT, Told
from tests.world.items import KALANA, NAMPALA, OTHER_NAMPALA, ids

COVERED = {
    "ecpf": ("ecpf_component", "early_warning"),
    "topic": ("emmmda_topic", "licensing_permits"),
    "architecture": ("architecture_tag", "apsa"),
    "type": ("activity_type", "technical_training"),
}


def test_coverage_shows_every_code_and_zero_where_nothing_was_done(
    store: ReportingStore, told: Told
) -> None:
    a, b, activity, morning, evening = ids(5)
    project(
        [
            told.activity(
                activity,
                ecpf=["early_warning"],
                architecture=["apsa"],
                sessions=[
                    {"id": morning, "topics": ["licensing_permits"]},
                    {"id": evening, "topics": ["licensing_permits", "local_content"]},
                ],
            ),
            told.sheet(morning, activity, came=[a]),
            told.sheet(evening, activity, came=[a, b]),
        ],
        store,
    )
    for of, (list_name, code) in COVERED.items():
        rows = {row.pop("code"): row for row in question("coverage", store, of=of)["rows"]}
        assert list(rows) == list(code_list(list_name))
        found = {each: row for each, row in rows.items() if any(row.values())}
        expected = {code: {"activities": 1, "person_sessions": 3, "unique_people": 2}}
        if of == "topic":
            expected["local_content"] = {
                "activities": 1,
                "person_sessions": 2,
                "unique_people": 2,
            }
        assert found == expected


def test_what_has_no_code_is_covered_as_unknown(store: ReportingStore, told: Told) -> None:
    project([told.activity(ids(1)[0])], store)
    last = question("coverage", store, of="ecpf")["rows"][-1]
    assert (last["code"], last["activities"]) == ("unknown", 1)


def test_gaps_tell_where_which_group_was_not_reached_on_which_topic(
    store: ReportingStore, told: Told
) -> None:
    a, b, stranger, held, planned, cancelled = ids(6)
    topics = [{"id": held, "topics": ["local_content"]}]
    project(
        [
            told.person(a, groups=["womens_group", "youth"]),
            told.person(b, groups=["youth"]),
            told.activity(held, sessions=topics),
            told.activity(planned, status="planned", place=NAMPALA),
            told.activity(cancelled, status="cancelled", place=OTHER_NAMPALA),
            told.sheet(held, held, came=[a, b, stranger]),
        ],
        store,
    )
    rows = question("gaps", store)["rows"]
    found = {(row["place"], row["group"], row["topic"]): row for row in rows}
    reached = {key: row["unique_people"] for key, row in found.items() if not row["gap"]}
    assert reached == {
        (KALANA, "womens_group", "local_content"): 1,
        (KALANA, "youth", "local_content"): 2,
        (KALANA, "unknown", "local_content"): 1,
    }
    matrix = len(code_list("stakeholder_group")) * len(code_list("emmmda_topic"))
    assert len(rows) == 2 * matrix + 1
    assert found[NAMPALA, "youth", "local_content"]["gap"]


def test_concerns_are_counted_by_category_severity_and_status(
    store: ReportingStore, told: Told
) -> None:
    one, two, three, activity = ids(4)
    project(
        [
            told.activity(activity, type="community_meeting"),
            told.concern(one, activity_id=activity),
            told.concern(two, severity=5, place=NAMPALA, raised_on="2021-09-01"),
            told.concern(three),
            told.concern(one, "concern.corrected", activity_id=activity, status="verified"),
            told.concern(three, "concern.withdrawn"),
        ],
        store,
    )
    water = "environment_water"
    assert [tuple(row.values()) for row in question("concerns", store)["rows"]] == [
        (water, 3, "verified", 1),
        (water, 5, "raised", 1),
    ]
    for asked, expected in [
        ({"places": [NAMPALA]}, 1),
        ({"from": "2021-08-01"}, 1),
        ({"types": ["community_meeting"]}, 1),
        ({"project_ids": [PROJECT], "places": [NAMPALA]}, 0),
    ]:
        assert question("concerns", store, filter=asked)["total"] == expected, asked


def test_outputs_are_summed_from_what_organisers_said_and_from_numerators(
    store: ReportingStore, told: Told
) -> None:
    a, b, c, training, radio, booklet, dialogue = ids(7)
    project(
        [
            told.activity(training),
            told.sheet(
                training,
                training,
                came=[a, b, c],
                tests={a: (30, 80), b: (50, 70), c: (20, None)},
            ),
            told.activity(
                radio,
                type="media_intervention",
                media={
                    "channels": ["community_radio", "national_radio"],
                    "broadcasts": 4,
                    "audience_estimate": 20_000,
                },
            ),
            told.activity(
                booklet,
                type="publication",
                publication={"title": "Livret", "copies_printed": 500, "copies_distributed": 320},
            ),
            told.activity(
                dialogue,
                type="policy_dialogue",
                dialogue={
                    "recommendations": [
                        {"id": ids(1)[0], "status": status} for status in ("open", "open", "done")
                    ]
                },
            ),
            told.nomination(ids(1)[0], activity_id=training),
            told.nomination(ids(1)[0], "nomination.decided", project_id=PROJECT, status="selected"),
        ],
        store,
    )
    answer = question("outputs", store)
    reach = {"interventions": 1, "broadcasts": 4, "audience_estimate": 20_000}
    channels = {each.pop("channel"): each for each in answer["media"].pop("by_channel")}
    assert answer["media"] == {**reach, "audience_basis": "stated_by_organiser"}
    assert channels["community_radio"] == channels["national_radio"] == reach
    assert channels["television"]["interventions"] == 0
    assert answer["publications"] == {
        "titles": 1,
        "copies_printed": 500,
        "copies_distributed": 320,
    }
    assert answer["tests"] == {
        "pre_mean": 33.33,
        "pre_spread": 12.47,
        "pre_n": 3,
        "post_mean": 75.0,
        "post_spread": 5.0,
        "post_n": 2,
        "gain_mean": 35.0,
        "gain_spread": 15.0,
        "n": 2,
        "unpaired": 1,
    }
    count = {row["status"]: row["count"] for row in answer["recommendations"]}
    assert count == {"open": 2, "accepted": 0, "in_progress": 0, "done": 1, "dropped": 0}
    count = {row["status"]: row["count"] for row in answer["nominations"]}
    assert count == {"proposed": 1, "selected": 1, "not_selected": 0, "withdrawn": 0}
    assert question("outputs", store, filter={"types": None}) == question("outputs", store)
    none = question("outputs", store, filter={"types": []})
    assert none["publications"]["titles"] == none["tests"]["n"] == none["tests"]["pre_n"] == 0
    assert {row["count"] for row in none["recommendations"] + none["nominations"]} == {0}
    of_training = question("outputs", store, filter={"activity_ids": [training]})
    assert sum(row["count"] for row in of_training["nominations"]) == 1
    nobody = question("outputs", store, filter={"activity_ids": [radio]})["tests"]
    assert nobody["pre_mean"] is None
