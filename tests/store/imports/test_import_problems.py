"""What is wrong with a file is told with line, column, value and expectation, and then nothing is merged."""

import gzip
import json

import pytest

from returns_station.errors import StationError
from returns_station.store import tables

HEAD = "number,currency,line_id,sku,quantity,unit_price\n"


def sentences(report):
    return [problem.sentence for problem in report.problems]


def amount(currency, digits):
    return f"an amount in {currency}, 0 or more with a point and at most {digits} decimals, was expected."


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            "A1,EUR,1,MUG,x,1",
            "Line 2, column quantity: 'x' is not a whole number of pieces, 1 or more was expected.",
        ),
        (
            "A1,EUR,1,MUG,0,1",
            "Line 2, column quantity: '0' is not a whole number of pieces, 1 or more was expected.",
        ),
        (
            "A1,EUR,1,MUG,1.5,1",
            "Line 2, column quantity: '1.5' is not a whole number of pieces, 1 or more was expected.",
        ),
        ("A1,EUR,1,,1,1", "Line 2, column sku: it is empty, a value was expected."),
        (
            "A1,EURO,1,MUG,1,",
            "Line 2, column currency: 'EURO' is not a currency, three letters such as EUR, was expected.",
        ),
        (
            'A1,EUR,1,MUG,1,"12,50"',
            f"Line 2, column unit_price: '12,50' is not {amount('EUR', 2)}",
        ),
        (
            "A1,JPY,1,MUG,1,0.005",
            f"Line 2, column unit_price: '0.005' is not {amount('JPY', 0)}",
        ),
        (
            "A1,EUR,1,MUG,1,NaN",
            f"Line 2, column unit_price: 'NaN' is not {amount('EUR', 2)}",
        ),
        (
            "A1,EUR,1,MUG,1,-1",
            f"Line 2, column unit_price: '-1' is not {amount('EUR', 2)}",
        ),
        (
            "A1,EUR,1,MUG,1,1,9",
            "Line 2, column row: '7 cells' is not a row like the header, 6 cells, was expected.",
        ),
        (
            "A1,EUR,1,\x1b[2J,x,1",
            "Line 2, column quantity: 'x' is not a whole number of pieces, 1 or more was expected.",
        ),
        (
            "A1,EUR,1,MUG,\x1b[2J,1",
            r"Line 2, column quantity: '\x1b[2J' is not a whole number of pieces, 1 or more was expected.",
        ),
    ],
)
def test_a_wrong_cell_is_named_with_line_column_value_and_expectation(desk, row, sentence):
    report = desk.run("orders", HEAD + row + "\n")
    assert sentences(report) == [sentence]
    assert desk.rows(tables.SalesOrder) == []


def test_a_problem_names_the_line_in_which_its_row_begins_though_cells_span_lines(desk):
    report = desk.run("products", 'sku,title,weight_grams\nA,"two\r\nlines",1\nB,,heavy\n')
    assert sentences(report) == [
        "Line 4, column weight_grams: 'heavy' is not a whole number of grams, 0 or more was expected."
    ]


def test_one_problem_keeps_the_whole_file_out_and_leaves_no_stage(desk):
    rows = "".join(f"S{n},\n" for n in range(2500))
    report = desk.run("products", f"sku,type\n{rows}X,Not A Type\n")
    assert (report.rows, report.inserted, len(report.problems)) == (2501, 0, 1)
    assert desk.rows(tables.Product) == []
    assert desk.rows(tables.ImportStage) == []
    assert desk.rows(tables.ImportRun) == []


def test_the_first_hundred_problems_are_shown_and_the_others_counted(desk):
    report = desk.run("products", "sku,weight_grams\n" + "A,x\n" * 250)
    assert (len(report.problems), report.more, report.ok) == (100, 150, False)


@pytest.mark.parametrize("amount", ["12.5", "1e2", "NaN", "Infinity", "-0.0"])
def test_a_json_number_with_a_point_is_no_money(desk, amount):
    line = f'{{"number":"A","currency":"EUR","shipping":{amount},"lines":[{{"line_id":"1","sku":"M","quantity":1}}]}}'
    found = desk.run("orders", line).problems
    assert [str(problem) for problem in found] == [
        f"Line 1, column shipping: '{amount}' is not an exact amount, a text in quotes such as \"12.50\" was expected."
    ]


def test_problems_within_an_object_name_the_path_to_it(desk):
    order = {
        "number": "A",
        "lines": [
            {"line_id": "1", "sku": "M", "quantity": True},
            {"line_id": "1", "sku": "N", "quantity": 1},
            7,
        ],
    }
    assert sentences(desk.run("orders", json.dumps(order))) == [
        "Line 1, column lines[3]: '7' is not an object, {…} with named values, was expected.",
        "Line 1, column lines[1].quantity: 'True' is not a whole number of pieces, 1 or more was expected.",
        "Line 1, column lines[2].line_id: '1' is not a line_id of its own, each once in its order, was expected.",
    ]


def test_a_line_that_is_no_json_is_a_problem_of_that_line(desk):
    report = desk.run("products", '{"sku":"A"}\n\n{"sku":\n')
    assert sentences(report) == [
        "Line 3, column character 8: '{\"sku\":' is not JSON, one object a line, was expected."
    ]


def test_rows_of_an_order_must_agree_and_stand_together(desk):
    text = HEAD + "A,EUR,1,MUG,1,1\nA,USD,2,MUG,1,1\nB,EUR,1,MUG,1,1\nA,EUR,3,MUG,1,1\n"
    assert sentences(desk.run("orders", text)) == [
        "Line 3, column currency: 'USD' is not blank or 'EUR', as above; one value for all rows of a number was expected.",
        "Line 5, column number: 'A' is not a number not seen above, all its rows together, was expected.",
    ]


@pytest.mark.parametrize(
    ("kind", "header", "row", "sentence"),
    [
        ("products", "sku,gtins", "A,4006381333932", "a GTIN, 8, 12, 13 or 14 digits with the right check digit, was expected."),
        ("products", "sku,gtins", "A,4006381333931*0", "a GTIN with a pack factor, such as 14006381333938*12, was expected."),
        ("products", "sku,lot_tracked", "A,perhaps", "an answer, true or false, was expected."),
        ("locations", "code,purposes", "A,Re Stock", "a word, small letters, digits and _, was expected."),
        ("badges", "code,worker,role", "A,w,boss", "one of worker, supervisor; one of these was expected."),
        ("authorizations", "number,sku,expected,expires_at", "A,M,1,soon",
         "a moment, a date such as 2011-08-31 or 2011-08-31T17:45+01:00, was expected."),
    ],
)  # fmt: skip
def test_every_kind_of_value_says_what_it_should_be(desk, kind, header, row, sentence):
    (problem,) = desk.run(kind, f"{header}\n{row}\n").problems
    assert problem.sentence.endswith(f"is not {sentence}")
    assert problem.line == 2


def test_a_file_without_a_needed_column_is_refused_with_its_header(desk):
    with pytest.raises(StationError) as caught:
        desk.run("orders", "number,colour\nA,red\n")
    assert str(caught.value) == (
        "The file of orders has no column line_id, sku, quantity; it has number, colour. "
        "The columns of each kind are in docs/import.md."
    )


def test_a_missing_an_empty_and_a_broken_file_are_refused(desk):
    missing = desk.folder / "none.csv"
    for content, sentence in [
        (missing, f"There is no file {missing}. Check the path."),
        (b" \r\n", f"{desk.folder / 'file'} is empty. Export it again."),
        (gzip.compress(b"sku\n" * 9000, mtime=0)[:-9], "cannot be read"),
    ]:
        with pytest.raises(StationError) as caught:
            desk.run("products", content)
        assert sentence in str(caught.value)
    with pytest.raises(StationError, match="There is no import of 'parcels'"):
        desk.run("parcels", b"sku\n")


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffsku,title\r\nA,Bücher\r\n".encode(),
        b'sku;title\nA;"B\xc3\xbccher"\n',
        "sku\ttitle\nA\tBücher\n".encode(),
        gzip.compress("sku,title\nA,Bücher".encode(), mtime=0),
        "sku,title\nA,Bücher\n".encode("utf-16"),
        b'\xef\xbb\xbf{"sku":"A","title":"B\xc3\xbccher"}\r\n',
        "SKU , Title\n\n A , Bücher \n,\n".encode(),
    ],
)
def test_byte_order_mark_line_ends_separators_and_encodings_make_no_difference(desk, content):
    report = desk.run("products", content)
    assert (report.rows, report.notices) == (1, ())
    assert desk.rows(tables.Product, "sku", "title") == [("A", "Bücher")]


def test_a_file_that_is_not_utf8_is_read_as_excel_writes_it_and_said_so(desk):
    report = desk.run("products", "sku;title\nA;Bücher – 5 €\n".encode("cp1252"))
    assert report.notices == ("file is not UTF-8; it was read as Windows-1252. Look at names with accents.",)
    assert desk.rows(tables.Product, "title") == [("Bücher – 5 €",)]


def test_a_byte_that_windows_leaves_undefined_stops_no_import(desk):
    assert desk.run("products", b"sku,title\nA,B\x81\xfccher\n").ok
    assert desk.rows(tables.Product, "title") == [("B\x81ücher",)]


def test_columns_nobody_knows_are_noticed(desk):
    assert desk.run("products", "sku,colour\nA,red\n").notices == ("Columns not known and not read: colour.",)
