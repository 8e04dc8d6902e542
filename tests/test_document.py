"""Documents of every kind, read into lines and blocks that leave nothing out."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadDocument
from bot.policy.document import LARGEST, load
from bot.policy.model import BlockKind

HEAD, PARA, ITEM, REST = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.REMAINDER


def everything_is_accounted_for(document):
    claimed = sorted(number for block in document.blocks for number in block.lines)
    filled = [n for n, line in enumerate(document.lines, start=1) if line.strip()]
    return claimed == filled


def text_file(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder, name, content):
    document = load(text_file(folder, name, content))
    assert everything_is_accounted_for(document)
    return document


def shapes(document):
    return [(b.kind, b.level, b.text) for b in document.blocks if b.kind is not REST]


def remainders(document):
    return [(b.why, b.text) for b in document.blocks if b.kind is REST]


# HTML


PAGE = """<!doctype html><html><head><title>Online safety policy | Hill School</title>
<style>p { color: red }</style><script>var a = "tracked";</script></head>
<body class="with-sidebar">
<a class="skip-link" href="#m">Skip to content</a>
<header><img alt="logo"><p>Hill School</p></header>
<nav><ul><li><a href="/">Home</a></li><li><a href="/p">Policies</a></li></ul></nav>
<div id="cookie-banner">We use cookies. <button>Accept</button></div>
<main>
 <ol class="breadcrumb"><li>Home</li><li>Policies</li></ol>
 <h1>Online safety policy</h1>
 <p>All staff <em>must</em> follow this<br>policy.</p>
 <h2>Phones</h2>
 <p>Staff must not:</p>
 <ul>
  <li>use a phone in class
   <ol type="a"><li>to text</li><li><p>to call</p></li></ol>
  </li>
  <li>lend a <b>phone</b>.</li>
 </ul>
 <form><label>Search</label><input></form>
</main>
<footer>© Hill School</footer>
</body></html>"""


def test_a_web_page_gives_its_policy_and_names_the_rest_as_menu(tmp_path):
    document = read(tmp_path, "page.html", PAGE)

    assert document.title == "Online safety policy"
    assert shapes(document) == [
        (PARA, 0, "All staff must follow this policy."),
        (HEAD, 2, "Phones"),
        (PARA, 0, "Staff must not:"),
        (ITEM, 1, "use a phone in class"),
        (ITEM, 2, "to text"),
        (ITEM, 2, "to call"),
        (ITEM, 1, "lend a phone."),
    ]
    assert [b.marker for b in document.blocks if b.kind is ITEM] == ["-", "a.", "b.", "-"]
    assert remainders(document) == [
        ("menu", "Skip to content"),
        ("menu", "Hill School"),
        ("menu", "Home"),
        ("menu", "Policies"),
        ("menu", "We use cookies."),
        ("menu", "Accept"),
        ("menu", "Home"),
        ("menu", "Policies"),
        ("title", "Online safety policy"),
        ("menu", "Search"),
        ("menu", "© Hill School"),
    ]


def test_a_page_wrapped_in_a_form_is_still_a_policy(tmp_path):
    document = read(
        tmp_path, "page.htm", "<form id='aspnet'><h1>A policy</h1><p>Staff must log off.</p></form>"
    )

    assert shapes(document) == [(PARA, 0, "Staff must log off.")]


def test_a_table_of_rules_gives_a_clause_a_row(tmp_path):
    document = read(
        tmp_path,
        "t.html",
        "<table><tr><th>Act</th><th>Staff</th><th>Pupils</th></tr>"
        "<tr><td>Use a personal phone</td><td>Not in lessons</td><td>Never</td></tr>"
        "<tr><td>Post photographs</td><td>Never</td><td>Never</td></tr></table>"
        "<table><tr><td>Facebook</td><td>Staff must not add parents.</td></tr></table>",
    )

    assert shapes(document) == [
        (PARA, 0, "Use a personal phone: Staff: Not in lessons; Pupils: Never"),
        (PARA, 0, "Post photographs: Staff: Never; Pupils: Never"),
        (PARA, 0, "Facebook: Staff must not add parents."),
    ]
    assert remainders(document) == [("table heading", "Act | Staff | Pupils")]


def test_a_list_inside_a_table_hangs_on_the_cell_beside_it(tmp_path):
    document = read(
        tmp_path,
        "t.html",
        "<table><tr><td>Staff must not</td><td><ul><li>share passwords</li><li>leave screens open</li>"
        "</ul></td></tr><tr><td>Visitors</td><td>sign in at the office</td></tr></table>",
    )

    assert shapes(document) == [
        (PARA, 0, "Staff must not:"),
        (ITEM, 1, "share passwords"),
        (ITEM, 1, "leave screens open"),
        (PARA, 0, "Visitors: sign in at the office"),
    ]


def test_tables_about_the_document_are_set_aside(tmp_path):
    document = read(
        tmp_path,
        "t.html",
        "<table><tr><td>Version</td><td>Date</td><td>Author</td></tr>"
        "<tr><td>1.0</td><td>May 2024</td><td>A Smith</td></tr></table>"
        "<table><tr><td>Signed by Chair</td><td></td></tr><tr><td>Date</td><td>1 May 2024</td></tr></table>"
        "<p>Staff must log off.</p>",
    )

    assert shapes(document) == [(PARA, 0, "Staff must log off.")]
    assert [why for why, _ in remainders(document)] == ["version table"] * 2 + ["signatures"] * 2


def test_cells_that_span_rows_are_said_with_each(tmp_path):
    document = read(
        tmp_path,
        "t.html",
        "<table><tr><td rowspan=2>Year six</td><td>may bring phones</td></tr>"
        "<tr><td>hand them in at nine</td></tr></table>",
    )

    assert [text for _, _, text in shapes(document)] == [
        "Year six: may bring phones",
        "Year six: hand them in at nine",
    ]


def test_bullets_typed_by_hand_are_items(tmp_path):
    document = read(tmp_path, "t.html", "<p>Staff must:<br>• log off<br>• lock doors</p>")

    assert shapes(document) == [
        (PARA, 0, "Staff must:"),
        (ITEM, 1, "log off"),
        (ITEM, 1, "lock doors"),
    ]


def test_a_short_paragraph_all_in_bold_is_a_heading(tmp_path):
    document = read(tmp_path, "t.html", "<h1>P</h1><p><b>Phones</b></p><p><b>Never</b> call.</p>")

    assert shapes(document) == [(HEAD, 2, "Phones"), (PARA, 0, "Never call.")]


def test_text_outside_any_cell_or_item_is_kept(tmp_path):
    document = read(
        tmp_path, "t.html", "<table>one<tr>two<td>three</td></tr></table><ul>four<li>five</ul>"
    )

    kept = " ".join(block.text for block in document.blocks)
    assert sorted(kept.split()) == ["five", "four", "one", "three", "two"]


# Markdown


def test_markdown_is_read_with_its_lists_and_tables(tmp_path):
    document = read(
        tmp_path,
        "p.md",
        "---\nowner: x\n---\n# Phones policy\n\n## Staff\n\nStaff must:\n\n- lock\n  them\n  1. away\n\n"
        "| Who | What |\n|---|---|\n| Pupils | hand in phones |\n\n<!-- unseen -->\n<name of school> agrees.\n",
    )

    assert document.title == "Phones policy"
    assert shapes(document) == [
        (HEAD, 2, "Staff"),
        (PARA, 0, "Staff must:"),
        (ITEM, 1, "lock them"),
        (ITEM, 2, "away"),
        (PARA, 0, "Pupils: hand in phones"),
        (PARA, 0, "<name of school> agrees."),
    ]


# Word


def word(path, build):
    docx = pytest.importorskip("docx")
    made = docx.Document()
    build(made)
    made.save(str(path))
    return path


def test_word_gives_its_numbered_lists_tables_and_headings_and_no_running_heads(tmp_path):
    def build(made):
        made.sections[0].header.paragraphs[0].text = "Hill School confidential"
        made.sections[0].footer.paragraphs[0].text = "Page 1 of 9"
        made.add_heading("Social media policy", 0)
        made.add_heading("Staff", 1)
        made.add_paragraph("Staff must not:")
        made.add_paragraph("befriend pupils", style="List Bullet")
        made.add_paragraph("on any site", style="List Bullet 2")
        made.add_paragraph("post photographs", style="List Bullet")
        made.add_paragraph().add_run("Reporting").bold = True
        made.add_paragraph("Tell the Headteacher", style="List Number")
        made.add_paragraph("Keep the message", style="List Number")
        table = made.add_table(rows=2, cols=2)
        for row, (left, right) in zip(
            table.rows,
            [("Phones", "must stay in lockers"), ("Tablets", "must be signed out")],
            strict=True,
        ):
            row.cells[0].text, row.cells[1].text = left, right

    document = load(word(tmp_path / "p.docx", build))

    assert everything_is_accounted_for(document)
    assert document.title == "Social media policy"
    assert shapes(document) == [
        (HEAD, 1, "Staff"),
        (PARA, 0, "Staff must not:"),
        (ITEM, 1, "befriend pupils"),
        (ITEM, 2, "on any site"),
        (ITEM, 1, "post photographs"),
        (HEAD, 2, "Reporting"),
        (ITEM, 1, "Tell the Headteacher"),
        (ITEM, 1, "Keep the message"),
        (PARA, 0, "Phones: must stay in lockers"),
        (PARA, 0, "Tablets: must be signed out"),
    ]
    assert [b.marker for b in document.blocks if b.kind is ITEM][-2:] == ["1.", "2."]
    assert remainders(document) == [("title", "Social media policy")]


def test_a_cover_page_without_styles_gives_the_title_and_the_school(tmp_path):
    def build(made):
        for text in ("Hill Primary School", "Social Media Policy", "Review date: Spring Term 2027"):
            made.add_paragraph(text)
        made.add_heading("Introduction", 1)
        made.add_paragraph("Staff must log off at the end of the day.")
        made.add_heading("Phones", 1)
        made.add_paragraph("Phones stay in lockers.")

    document = load(word(tmp_path / "p.docx", build))

    assert document.title == "Social Media Policy"
    assert remainders(document) == [
        ("school name", "Hill Primary School"),
        ("title", "Social Media Policy"),
        ("review date", "Review date: Spring Term 2027"),
    ]
    assert [text for _, _, text in shapes(document)] == [
        "Introduction",
        "Staff must log off at the end of the day.",
        "Phones",
        "Phones stay in lockers.",
    ]


def test_a_short_rule_that_opens_a_document_is_no_title(tmp_path):
    document = read(
        tmp_path, "p.html", "<p>Visitors must sign in at the school</p><p>They wear a badge.</p>"
    )

    assert [text for _, _, text in shapes(document)] == [
        "Visitors must sign in at the school",
        "They wear a badge.",
    ]


# PDF


def pdf(path, build):
    pytest.importorskip("reportlab")
    from reportlab.pdfgen import canvas

    made = canvas.Canvas(str(path), pagesize=(595, 842))
    build(made)
    made.save()
    return path


def page(made, lines, number, *, header="Hill School", footer="Approved by Governors"):
    made.setFont("Helvetica", 11)
    made.drawString(60, 800, header)
    y = 760
    for line in lines:
        if line:
            made.drawString(60 + 20 * (len(line) - len(line.lstrip())) / 2, y, line.strip())
        y -= 14
    made.drawString(60, 40, footer)
    made.drawString(290, 26, f"Page {number} of 3")
    made.showPage()


FIRST = [
    "Social Media Policy",
    "",
    "Introduction",
    "",
    "This policy applies to all staff, governors and volunteers who work at the school, and to",
    "every account that they hold, whatever the site that it is held on and wherever they are.",
    "",
    "Staff must not:",
    "",
    "• accept a pupil as a friend on any site;",
    "• post a photograph of a pupil on an account of their own, even where the parents of the",
    "  pupil have agreed.",
    "",
    "Reporting",
    "",
    "Anyone who sees a message that worries them should keep it and tell the member of staff",
]
SECOND = [
    "who leads on safeguarding before the end of the day.",
    "",
    "Passwords must never be shared with anyone else, in the school or out of it.",
]
THIRD = ["Accounts", "", "School accounts are opened by the Headteacher."]


def test_a_pdf_gives_its_text_without_running_lines_and_joins_sentences_over_pages(tmp_path):
    def build(made):
        for number, lines in enumerate((FIRST, SECOND, THIRD), start=1):
            page(made, lines, number)

    document = load(pdf(tmp_path / "p.pdf", build))

    assert everything_is_accounted_for(document)
    assert document.title == "Social Media Policy"
    assert shapes(document) == [
        (HEAD, 1, "Introduction"),
        (
            PARA,
            0,
            (
                "This policy applies to all staff, governors and volunteers who work at the school, and to "
                "every account that they hold, whatever the site that it is held on and wherever they are."
            ),
        ),
        (PARA, 0, "Staff must not:"),
        (ITEM, 1, "accept a pupil as a friend on any site;"),
        (
            ITEM,
            1,
            (
                "post a photograph of a pupil on an account of their own, even where the parents of the "
                "pupil have agreed."
            ),
        ),
        (HEAD, 1, "Reporting"),
        (
            PARA,
            0,
            (
                "Anyone who sees a message that worries them should keep it and tell the member of staff "
                "who leads on safeguarding before the end of the day."
            ),
        ),
        (PARA, 0, "Passwords must never be shared with anyone else, in the school or out of it."),
        (HEAD, 1, "Accounts"),
        (PARA, 0, "School accounts are opened by the Headteacher."),
    ]
    furniture = [text for why, text in remainders(document) if why == "page furniture"]
    assert len(furniture) == 9


def test_a_pdf_with_a_password_says_so(tmp_path):
    from pypdf import PdfReader, PdfWriter

    plain = pdf(tmp_path / "a.pdf", lambda made: page(made, FIRST, 1))
    locked = PdfWriter(clone_from=PdfReader(plain))
    locked.encrypt("secret", algorithm="RC4-128")
    locked.write(tmp_path / "b.pdf")

    with pytest.raises(BadDocument, match="password-protected: take the password off"):
        load(tmp_path / "b.pdf")


def test_a_pdf_that_anyone_may_open_is_read_though_it_is_encrypted(tmp_path):
    from pypdf import PdfReader, PdfWriter

    plain = pdf(tmp_path / "a.pdf", lambda made: page(made, FIRST, 1))
    locked = PdfWriter(clone_from=PdfReader(plain))
    locked.encrypt("", "owner", algorithm="RC4-128")
    locked.write(tmp_path / "b.pdf")

    assert shapes(load(tmp_path / "b.pdf")) == shapes(load(plain))


def test_a_scan_says_what_to_do(tmp_path):
    scan = pdf(
        tmp_path / "a.pdf", lambda made: (made.rect(10, 10, 90, 90, fill=1), made.showPage())
    )

    with pytest.raises(BadDocument, match="is a scan without text"):
        load(scan)


# Plain text and its encodings


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_text_is_read_in_the_encodings_that_offices_use(tmp_path, encoding):
    words = "Staff must not post the pupils’ names – ever, in any place.\r\n\r\nThey may ask.\r\n"

    document = read(tmp_path, "p.txt", words.encode(encoding))

    assert document.lines[0] == "Staff must not post the pupils’ names – ever, in any place."
    assert len(document.lines) == 3


# What cannot be read


def old_word():
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


BAD = {
    "empty": ("p.txt", b"", "is empty"),
    "blank": ("p.txt", b" \n\n ", "is empty"),
    "no text": ("p.html", b"<p> </p><script>x</script>", "has no text"),
    "junk": ("p.txt", bytes(range(256)) * 9, "is not text"),
    "a wrong suffix": ("p.odt", b"PK", "is not one of .txt"),
    "no suffix": ("policy", b"text", "is not one of .txt"),
    "a PDF called text": ("p.txt", b"%PDF-1.4 x", "rename it to end in .pdf"),
    "a Word document called text": ("p.md", b"PK\x03\x04 x", "rename it to end in .docx"),
    "a locked or old Word document": ("p.docx", old_word(), "save it as .docx"),
    "rich text": ("p.txt", b"{\\rtf1 x}", "save it as .docx"),
    "a docx that is no zip": ("p.docx", b"words and words", "is not a Word document"),
    "a PDF that is none": ("p.pdf", b"words and words", "is not a PDF"),
    "a cut PDF": ("p.pdf", b"%PDF-1.7\n1 0 obj\n<<", "damaged"),
    "too large": ("p.txt", b"a " * (LARGEST // 2 + 1), "the most is 20 MB"),
    "nested too deeply": ("p.html", b"<div>" * 20000 + b"x", "nested too deeply"),
}


@pytest.mark.parametrize(("name", "content", "words"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_read_is_one_line_that_says_what_to_do(tmp_path, name, content, words):
    with pytest.raises(BadDocument) as caught:
        load(text_file(tmp_path, name, content))

    said = str(caught.value)
    assert words in said
    assert "\n" not in said
    assert said.startswith(str(tmp_path))
    assert ": " in said


def test_a_missing_file_a_folder_and_a_zip_of_something_else_are_told_apart(tmp_path):
    (tmp_path / "folder.txt").mkdir()
    with zipfile.ZipFile(tmp_path / "z.docx", "w") as made:
        made.writestr("a.txt", "a")

    for name, words in [
        ("none.txt", "is not there"),
        ("folder.txt", "is a folder"),
        ("z.docx", "is not a Word"),
    ]:
        with pytest.raises(BadDocument, match=words):
            load(tmp_path / name)


def test_a_file_name_that_no_system_has_is_one_line():
    for name in ("a\0b.txt", "a" * 5000 + ".txt"):
        with pytest.raises(BadDocument):
            load(Path(name))


def refused_or_whole(path):
    said, whole = "", True
    try:
        whole = everything_is_accounted_for(load(path))
    except BadDocument as refused:
        said = str(refused)
    assert whole
    assert "\n" not in said


quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("suffix", [".txt", ".md", ".docx", ".pdf", ".html"])
@quick
@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path, suffix, data):
    refused_or_whole(text_file(tmp_path, "p" + suffix, data))
    if suffix == ".pdf":
        refused_or_whole(text_file(tmp_path, "p" + suffix, b"%PDF-1.4\n" + data))


PIECES = """<p> </p> <ul> </ul> <ol> <li> </li> <table> <tr> <td> <td~rowspan=3> <th> </td> </tr> </table>
<div> </div> <nav> </nav> <form> <h1> </h1> <h2> </h2> <b> </b> <br> <dl> <dt> <dd> <!-- --> <! <![CDATA[ ]]> <a> &
&#0; <details> <summary> <pre> <script> </script> <footer> word words. Staff: • one"""


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(PIECES.split()), max_size=25))
def test_every_line_of_any_page_is_in_exactly_one_block(tmp_path, pieces):
    text = " ".join(pieces).replace("~", " ")
    refused_or_whole(text_file(tmp_path, "p.html", text))
    refused_or_whole(text_file(tmp_path, "p.md", text))


LINES = [
    "Staff must not post.",
    "Heading",
    "• one",
    "- two",
    "1. three",
    "",
    "",
    "and on",
    "Page 3",
    "A\tB\tC",
    "Staff must:",
    "i. a",
    "SOCIAL MEDIA POLICY",
    "Signed: ____",
    "Date:",
    "____",
    "  • deeper",
    "5.1 Scope",
]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(LINES), max_size=25))
def test_every_line_of_any_text_is_in_exactly_one_block(tmp_path, lines):
    refused_or_whole(text_file(tmp_path, "p.txt", "\n".join(lines)))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(st.sampled_from(LINES), max_size=8), min_size=1, max_size=4))
def test_every_line_of_any_pdf_is_in_exactly_one_block(tmp_path, pages):
    def build(made):
        for number, lines in enumerate(pages, start=1):
            page(made, [line.replace("\t", "     ") for line in lines], number)

    refused_or_whole(pdf(tmp_path / "p.pdf", build))


def test_a_damaged_word_document_never_ends_in_a_traceback(tmp_path):
    whole = word(
        tmp_path / "a.docx", lambda made: made.add_paragraph("Staff must log off.")
    ).read_bytes()
    steps = range(0, len(whole), max(1, len(whole) // 25))
    for start, end in pairwise(steps):
        refused_or_whole(text_file(tmp_path, "b.docx", whole[:start] + b"\0\xff" * 9 + whole[end:]))
        refused_or_whole(text_file(tmp_path, "b.docx", whole[:end]))
    with zipfile.ZipFile(tmp_path / "c.docx", "w") as made:
        made.writestr("word/document.xml", "<not-closed>")
    with pytest.raises(BadDocument):
        load(tmp_path / "c.docx")


def test_the_heavy_libraries_are_loaded_only_when_a_document_needs_them():
    heavy = "mammoth pypdf bs4 markdown_it yaml rapidfuzz.process"
    code = (
        "import sys, bot.policy.document\n"
        f"print([name for name in {heavy!r}.split() if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
