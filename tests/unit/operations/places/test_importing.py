"""Lists of P-codes, as operators get them: read in both forms, matched by name, kept and told."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import __main__ as command
from operations.places.importing import Import, plan, write
from shared.codes import pcodes, places
from shared.config import ConfigError
from shared.errors import Refused

GLOBAL = "Location,Admin Level,P-Code,Name,Parent P-Code,Valid from date\n"


def text(tmp_path: Path, said: str, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_text(said, encoding="utf-8")
    return path


def planned(tmp_path: Path, said: str) -> Import:
    return plan(text(tmp_path, said), tmp_path / "place-codes.csv")


def told(found: Import) -> list[tuple[str, str, list[str]]]:
    return [
        (each.unit.pcode, each.code, [near.id for near in each.nearest])
        for each in found.outcome.unmatched
    ]


def test_the_global_list_is_matched_by_name_and_by_the_unit_each_lies_in(tmp_path: Path) -> None:
    found = planned(
        tmp_path,
        GLOBAL
        + "#country+code,#geo+admin_level,#adm+code,#adm+name,#adm+code+parent,#date\n"
        + "NER,1,NE003,Dosso,NER,2020-01-01\n"
        + "GIN,1,GN008,NZEREKORE,GIN,2020-01-01\n"
        + "GIN,2,GN00802,N'Zérékoré,GN008,2020-01-01\n"
        + "MLI,1,ML03,Sikasso,MLI,2020-01-01\n"
        + "MLI,2,ML0306,Yanfolila,ML03,2020-01-01\n"
        + "MLI,3,ML030601,Baya,ML0306,2020-01-01\n"
        + "TCD,1,TD01,Batha,TCD,2020-01-01\n",
    )
    named = {places.place(place_id).name: code for place_id, code in found.new.items()}
    assert named == {"Dosso": "NE003", "Nzérékoré": "GN00802"} or set(named.values()) == {
        "NE003", "GN008", "GN00802",
    }  # fmt: skip
    assert {places.place(each).level for each in found.new} == {"admin1", "admin2"}
    assert (found.changed, found.kept, found.elsewhere) == ({}, 2, 1)
    assert told(found) == []


@pytest.mark.parametrize(
    "headings",
    [
        "ADM0_FR,ADM0_PCODE,ADM1_FR,ADM1_PCODE,ADM2_FR,ADM2_PCODE",
        "adm0_name,adm0_pcode,adm1_name,adm1_pcode,adm2_name,adm2_pcode",
        "admin0Name_en,admin0Pcode,admin1Name_en,admin1Pcode,admin2Name_en,admin2Pcode",
    ],
)
def test_a_countrys_table_is_read_in_any_order_and_language(tmp_path: Path, headings: str) -> None:
    columns = headings.split(",")
    rows = [
        ["Mali", "ML", "Ségou", "ML94", "NIONO", "ML9404"],
        ["Mali", "ML", "Ségou", "ML94", "Cercle de Bla", "ML9402"],
    ]
    turned = [";".join(reversed(each)) for each in (columns, *rows)]
    found = planned(tmp_path, "\ufeff" + "\n".join(turned))
    assert found.changed == {
        "ML.SEG": ("ML04", "ML94"),
        "ML.SEG.NIO": ("ML0404", "ML9404"),
        "ML.SEG.BLA": ("ML0402", "ML9402"),
    }
    assert told(found) == []


def test_homonyms_are_parted_by_level_and_by_the_unit_they_lie_in(tmp_path: Path) -> None:
    found = planned(
        tmp_path,
        GLOBAL
        + "MLI,1,XX1,Bougouni,MLI,\nMLI,1,XX3,Sikasso,MLI,\n"
        + "MLI,2,XX11,Bougouni,XX1,\nMLI,2,XX31,Sikasso,XX3,\n",
    )
    assert {place: code for place, (_, code) in found.changed.items()} == {
        "ML.BOU": "XX1", "ML.SIK": "XX3", "ML.SIK.BOU": "XX11", "ML.SIK.SIK": "XX31",
    }  # fmt: skip


def test_a_cercle_is_found_in_its_region_of_before_and_of_today(tmp_path: Path) -> None:
    for region in ("Sikasso", "Bougouni"):
        rows = f"MLI,1,XX1,{region},MLI,\nMLI,2,XX12,Yanfolila,XX1,\n"
        assert planned(tmp_path, GLOBAL + rows).changed["ML.SIK.YAN"] == ("ML0306", "XX12")


def test_nothing_is_guessed_and_the_nearest_are_told(tmp_path: Path) -> None:
    found = planned(
        tmp_path,
        GLOBAL
        + "MLI,1,XX3,Sikasso,MLI,\n"
        + "MLI,2,XX32,Kadioloo,XX3,\n"  # renamed
        + "MLI,2,XX33,Niono,XX3,\n"  # in another region
        + "MLI,2,XX99,Bla,XX9,\n"  # below a unit that is not listed
        + "MLI,2,XX34,Koutiala,XX3,\nMLI,2,XX35,KOUTIALA,XX3,\n",
    )
    assert told(found) == [
        ("XX32", "PCODE_NO_SUCH_NAME", ["ML.SIK.KAD"]),
        ("XX33", "PCODE_NO_SUCH_NAME", ["ML.SEG.NIO"]),
        ("XX99", "PCODE_UNKNOWN_PARENT", ["ML.SEG.BLA"]),
        ("XX34", "PCODE_OF_ONE_PLACE", ["ML.SIK.KOU"]),
        ("XX35", "PCODE_OF_ONE_PLACE", ["ML.SIK.KOU"]),
    ]
    assert set(found.changed) == {"ML.SIK"}


def test_a_code_that_the_list_gives_anew_is_no_longer_what_it_was(tmp_path: Path) -> None:
    rows = "MLI,1,ML03,Nowhere,MLI,\nMLI,2,ML0306,Yanfolila,ML03,\n"
    assert [code for _, code, _ in told(planned(tmp_path, GLOBAL + rows))] == [
        "PCODE_NO_SUCH_NAME",
        "PCODE_UNKNOWN_PARENT",
    ]


def test_a_list_of_the_second_level_alone_is_matched_by_the_codes_that_are_known(
    tmp_path: Path,
) -> None:
    found = planned(tmp_path, GLOBAL + "MLI,2,XX4,Kati,ML02,\n")
    assert found.changed == {"ML.KOU.KATI": ("ML0204", "XX4")}


def test_what_was_written_is_kept_and_a_second_import_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "place-codes.csv"
    source = text(tmp_path, GLOBAL + "NER,1,NE003,Dosso,NER,\nMLI,1,XX3,Sikasso,MLI,\n")
    first = plan(source, target)
    write(first.rows, target)
    before = target.read_bytes()
    again = plan(source, target)
    assert (again.new, again.changed, again.kept) == ({}, {}, 2)
    other = plan(text(tmp_path, GLOBAL + "NER,1,NE005,Tahoua,NER,\n", "other.csv"), target)
    write(other.rows, target)
    assert set(before.decode().splitlines()) < set(target.read_text(encoding="utf-8").splitlines())


@pytest.fixture
def fresh() -> Iterator[None]:
    pcodes.pcodes.cache_clear()
    yield
    pcodes.pcodes.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_a_process_reads_the_imported_codes_over_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "codes.csv"
    write({"ML.SIK": ("XX3", "list.csv"), "NE.3": ("NE003", "list.csv")}, target)
    monkeypatch.setenv(pcodes.VARIABLE, str(target))
    known = pcodes.pcodes()
    assert (known["ML.SIK"], known["NE.3"], known["ML.SEG"]) == ("XX3", "NE003", "ML04")


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("said", [None, "place,code\nML,ML\n", "place,pcode,source\nML,ML\n"])
def test_a_process_does_not_start_with_a_file_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    target = tmp_path / "codes.csv"
    if said is not None:
        target.write_text(said, encoding="utf-8")
    monkeypatch.setenv(pcodes.VARIABLE, str(target))
    with pytest.raises(ConfigError, match=r"codes\.csv"):
        pcodes.pcodes()


@pytest.mark.parametrize(
    ("said", "code"),
    [("name,code\nKati,ML0204\n", "NOT_A_PCODE_LIST"), ("", "NOT_A_PCODE_LIST")],
)
def test_other_headings_are_told(tmp_path: Path, said: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        planned(tmp_path, said)
    assert refused.value.code == code


def foscao(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["foscao", "places", "import", *words])
    with pytest.raises(SystemExit) as ended:
        command.main()
    return int(ended.value.code or 0)


LIST = GLOBAL + "NER,1,NE003,Dosso,NER,\nNER,1,NE009,Nowhere,NER,\n"


def test_the_command_shows_first_and_writes_when_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = text(tmp_path, LIST), tmp_path / "hub" / "place-codes.csv"
    report = tmp_path / "left.csv"
    where = ("--into", str(target), "--lang", "fr")
    assert foscao(monkeypatch, str(source), *where) == 1
    seen = capsys.readouterr()
    assert "NE003" in seen.out
    assert "Nothing was written" in seen.err
    assert not target.exists()

    assert foscao(monkeypatch, str(source), *where, "--write", "--report", str(report)) == 1
    assert "start the gateway and notifications anew" in capsys.readouterr().err
    [row] = pcodes.rows_of(target)
    assert (row["pcode"], row["source"]) == ("NE003", "list.csv")
    with report.open(encoding="utf-8", newline="") as file:
        [left] = list(csv.DictReader(file))
    assert (left["row"], left["P-code"]) == ("3", "NE009")
    assert left["reason"] == "Aucun lieu de ce niveau dans l’unité ne porte ce nom."


def test_the_command_answers_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = text(tmp_path, LIST)
    foscao(monkeypatch, str(source), "--into", str(tmp_path / "x.csv"), "--json", "--lang", "en")
    shown: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (list(shown["new"].values()), shown["written"]) == (["NE003"], False)
    assert [each["P-code"] for each in shown["unmatched"]] == ["NE009"]


@pytest.mark.parametrize(
    ("lang", "says"), [("en", "needs Location"), ("fr", "il faut Location"), ("pt", "são precisos")]
)
def test_wrong_headings_are_told_in_the_operators_language(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lang: str,
    says: str,
) -> None:
    source = text(tmp_path, "nom,code\nKati,1\n")
    assert foscao(monkeypatch, str(source), "--into", str(tmp_path / "x"), "--lang", lang) == 2
    told = capsys.readouterr().err
    assert told.startswith("foscao: NOT_A_PCODE_LIST: ")
    assert says in told


def test_a_workbook_is_to_be_saved_as_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "list.xlsx"
    source.write_bytes(b"PK\x03\x04\xff\xfe\x00")
    assert foscao(monkeypatch, str(source), "--into", str(tmp_path / "x")) == 2
    assert "NOT_CSV" in capsys.readouterr().err
