from __future__ import annotations

import io

from rich.console import Console

from views.shared.table import KeyValueList, PlainTable

LONG = "the system inventory answered 503 and asked to be left alone for a while"


def lines(shown: object, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    console.print(shown)
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_columns_are_aligned_and_numbers_right_aligned() -> None:
    table = PlainTable(["No.", "Step"], [["1", "a"], ["12", "b"]], right_aligned=(0,))
    assert lines(table, 80) == ["No.  Step", "  1  a", " 12  b"]


def test_empty_column_is_omitted() -> None:
    assert lines(PlainTable(["A", "B", "C"], [["1", "", "3"]]), 80) == ["A  C", "1  3"]


def test_the_last_column_wraps_below_itself() -> None:
    shown = lines(PlainTable(["Id", "Error"], [["x", LONG]]), 40)
    assert shown[1].startswith("x   the system")
    assert all(line.startswith("    ") for line in shown[2:])
    assert " ".join(" ".join(shown[1:]).split()) == f"x {LONG}"


def test_narrow_last_column_goes_below_the_row() -> None:
    shown = lines(PlainTable(["Id", "Error"], [["a" * 30, LONG]]), 40)
    assert shown[2] == "a" * 30
    assert shown[3].startswith("    the system")


def test_nothing_is_cut_off_however_narrow_the_screen_is() -> None:
    shown = lines(PlainTable(["Id", "More", "Last"], [["a" * 30, "b" * 30, "c" * 30]]), 20)
    together = "".join(shown).replace(" ", "")
    assert all(letter * 30 in together for letter in "abc")


def test_a_narrow_screen_leaves_out_the_least_needed_columns_and_names_them() -> None:
    table = PlainTable(["Id", "Name", "At", "Last"], [["x", "n" * 20, "8:00", "l" * 10]], droppable=(1, 2))
    assert lines(table, 60) == [f"Id  Name{' ' * 18}At    Last", f"x   {'n' * 20}  8:00  {'l' * 10}"]
    assert lines(table, 30)[:2] == ["Id  At    Last", f"x   8:00  {'l' * 10}"]
    assert " ".join(lines(table, 30)[2:]) == "Left out on this narrow screen: Name"


def test_columns_are_kept_where_leaving_them_out_makes_no_room() -> None:
    table = PlainTable(["Id", "At", "Last"], [["a" * 30, "8:00", LONG]], droppable=(1,))
    assert lines(table, 40)[2] == f"{'a' * 30}  8:00"


def test_the_wrapping_column_wraps_beside_the_last_one() -> None:
    table = PlainTable(["Id", "What", "Who"], [["x", LONG, "ann"]], wrapping=1)
    shown = lines(table, 40)
    assert shown[1].startswith("x   the system")
    assert shown[1].endswith("  ann")
    assert all(len(line) <= 40 for line in shown)
    assert " ".join(" ".join(shown[1:]).replace("ann", "").split()) == f"x {LONG}"


def test_items_without_a_value_are_omitted() -> None:
    assert lines(KeyValueList([("customer", "C-42"), ("forecast", "")]), 80) == ["  customer  C-42"]
