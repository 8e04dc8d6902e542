"""The staff list: a CSV file beside school.toml, as people and information systems write it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.checks import check
from bot.app.rosters import Rosters
from bot.config import Home
from bot.errors import BadSettings
from bot.people import staff_list
from bot.people.reading import people_of
from bot.people.roster import Holding, Known, Person, with_known
from tests.stores import NOW

TOML = 'name = "Oak"\nroster = "staff.csv"\n'


@pytest.fixture
def oak(tmp_path):
    """Writes a school with a staff list; gives the school."""
    folder = tmp_path / "schools" / "oak"
    folder.mkdir(parents=True)

    def school(listed: str | bytes, toml: str = ""):
        (folder / "school.toml").write_text(TOML + toml, "utf-8")
        raw = listed if isinstance(listed, bytes) else listed.encode()
        (folder / "staff.csv").write_bytes(raw)
        return Home(tmp_path).school("oak")

    return school


@pytest.fixture
def read(oak):
    return lambda *given: people_of(oak(*given))


def refused(read, *given) -> str:
    with pytest.raises(BadSettings) as caught:
        read(*given)
    said = str(caught.value)
    assert "\n" not in said
    return said.partition("staff.csv: ")[2]


WHOLE = """\
Email,NAME,starts,Team,role,group,leaves,answers_to,accounts,away
pat@example.org,Pat Example,1/9/2026,,headteacher,,,,slack:T1/U1,
sam@example.org,Sam Sample,,,Chair of Governors,,,,,
robin@example.org,Robin Practice,2026-11-23,Year 3,,,31 January 2027,Pat Example;sam-sample-x,,16/11/2026 - 27/11/2026; 2026-12-01
,Vic Volunteer,,"Library, ""quiet"" end",,Volunteer,,,,
office@example.org,School Office,,,,service,,,,
,sam-sample-x,,,deputy; Senior Leadership Team,,,[],,
"""


def test_every_column_of_a_list_is_read_whatever_their_order_and_case(read):
    people = read(WHOLE.replace("[]", ""))

    assert people.persons == (
        Person(
            "pat-example-org",
            "Pat Example",
            "pat@example.org",
            ("slack:T1/U1",),
            starts=date(2026, 9, 1),
        ),
        Person("sam-example-org", "Sam Sample", "sam@example.org", staff=False, group="governors"),
        Person(
            "robin-example-org",
            "Robin Practice",
            "robin@example.org",
            answers_to=("pat-example-org", "sam-sample-x"),
            away=(
                (date(2026, 11, 16), date(2026, 11, 27)),
                (date(2026, 12, 1), date(2026, 12, 1)),
            ),
            team="Year 3",
            starts=date(2026, 11, 23),
            leaves=date(2027, 1, 31),
        ),
        Person("vic-volunteer", "Vic Volunteer", team='Library, "quiet" end', group="volunteers"),
        Person("office-example-org", "School Office", "office@example.org", group="service"),
        Person("sam-sample-x", "sam-sample-x"),
    )
    assert people.holdings == (
        Holding("headteacher", "Headteacher", ("pat-example-org",)),
        Holding("chair-of-governors", "Chair of Governors", ("sam-example-org",)),
        Holding("deputy", "Deputy Headteacher", ("sam-sample-x",)),
        Holding("slt", "Senior Leadership Team", ("sam-sample-x",)),
    )


def test_an_export_of_an_information_system_is_read_by_its_own_headers(read):
    people = read(
        "Staff list as at 16/11/2026\n"
        "\n"
        "Staff Code;Legal Surname;Forename;Home Email;Work E-mail;Work Email;Start Date;Leaving Date;Job Title;Department\n"
        "PEX;Example;Pat;pat@home.example;;pat@example.org;01/09/1998 00:00:00;;Head Teacher;Leadership\n"
        "TTE;Teacher;Toni;;;toni@example.org;23-Nov-26;;Teacher of Music;Music\n"
    )

    assert [(p.name, p.email, p.team, p.starts) for p in people.persons] == [
        ("Pat Example", "pat@example.org", "Leadership", date(1998, 9, 1)),
        ("Toni Teacher", "toni@example.org", "Music", date(2026, 11, 23)),
    ]
    assert people.holdings == (Holding("headteacher", "Headteacher", ("pat-example-org",)),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_read_however_it_was_saved(read, encoding, delimiter, end):
    rows = [("name", "email"), ('"Example, Zoë"', "zoe@example.org"), ('"Seán\n O’Sample"', "")]
    people = read("".join(delimiter.join(row) + end for row in rows).encode(encoding))

    assert [(p.id, p.name, p.email) for p in people.persons] == [
        ("zoe-example-org", "Zoë Example", "zoe@example.org"),
        ("sean-osample", "Seán O’Sample", ""),
    ]


def test_what_looks_like_a_formula_is_text(read):
    (person,) = read('name,team\n"=HYPERLINK(""https://x.example"")","+cmd|calc"\n').persons

    assert (person.name, person.team) == ('=HYPERLINK("https://x.example")', "+cmd|calc")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            "Pat Example,pat@example.org\nSam Sample,PAT@example.org",
            "row 3: 'pat@example.org' is also the address of row 2;",
        ),
        ("Pat Example,\npat EXAMPLE,pat@example.org", "row 3: 'pat EXAMPLE' is also the name of row 2;"),
        ("Pat Example,\n\nMrs Pat Example,", "row 4: 'Mrs Pat Example' is also the name of row 2;"),
        ("Pat Example,pat at example", "row 2: 'pat at example' is not a mail address;"),
        (",pat@example.org", "row 2: has no name;"),
        ("??,pat@example.org", "row 2: '??' is not a name;"),
        ("Pat Example", "row 2: has 1 cells and the header 2;"),
        ("Example, Pat,pat@example.org", "row 2: has 3 cells and the header 2;"),
        ('"Pat Example,pat@example.org\nSam Sample,', "row 2 cannot be taken apart (unexpected end of data);"),
        ("Pat Example," + "x" * 140_000, "row 2 cannot be taken apart (field larger than field limit"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_meant_is_refused_with_its_number(read, rows, said):
    assert refused(read, f"name,email\n{rows}\n").startswith(said)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("role", "headtecher", "there is no role 'headtecher'; use a role of policy_text/roles.toml (did you mean 'headteacher'?)"),
        ("role", "lado", "there is no role 'lado';"),
        ("group", "pupils", "there is no group 'pupils'; use staff, governors, volunteers, service"),
        ("starts", "11/23/2026", "'11/23/2026' is not a date; write it as 23/11/2026 or 2026-11-23"),
        ("leaves", "soon", "'soon' is not a date;"),
        ("away", "next week", "'next week' is not an absence;"),
        ("away", "27/11/2026-16/11/2026", "the absence '27/11/2026-16/11/2026' ends before it begins;"),
        ("accounts", "U1", "accounts: 'U1' is not an account;"),
        ("answers_to", "Nobody Known", "answers_to: 'Nobody Known' is nobody here;"),
        ("team", "x" * 201, "team: 'xxxx"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_meant_is_refused_with_its_row(read, column, cell, said):
    listed = f"name,{column}\nPat Example,\nSam Sample,{cell}\n"

    assert refused(read, listed).startswith(f"row 3: {said}")


def test_leaving_before_starting_is_refused_with_its_row(read):
    listed = "name,starts,leaves\nPat Example,2026-11-23,2026-11-20\n"

    assert refused(read, listed).startswith("row 2: leaves: they leave on 2026-11-20, before they")


def test_a_job_title_that_is_no_role_is_left_alone_and_a_missing_address_is_allowed(read):
    people = read("name,email,job title\nPat Example,,Year 3 Teacher\nSam Sample,,\n")

    assert [p.name for p in people.persons] == ["Pat Example", "Sam Sample"]
    assert people.holdings == ()


def test_without_a_column_for_names_or_without_the_file_a_list_is_refused(read, oak, tmp_path):
    with pytest.raises(
        BadSettings, match=r"staff\.csv: no row of it names the columns; write name"
    ):
        read("email,team\npat@example.org,Office\n")
    with pytest.raises(BadSettings, match=r"staff\.csv: no row of it names the columns"):
        read("")
    with pytest.raises(BadSettings, match=r"staff\.csv: is not a text file; save it as CSV UTF-8"):
        read(b"name\n\x81\x8d\xff\n")
    school = oak("name\nPat Example\n")
    (tmp_path / "schools" / "oak" / "staff.csv").unlink()
    with pytest.raises(BadSettings, match=r"staff\.csv: cannot be read \(No such file"):
        people_of(school)
    with pytest.raises(BadSettings, match=r"school\.toml: roster: is not the name of a file"):
        people_of(oak("", "").__class__("oak", school.folder, "Oak", settings={"roster": 3}))


PEOPLE = """
[people.pat]
name = "Pat Example"
email = "pat@example.org"
team = "Leadership"
[people.sam]
name = "Sam Sample"
staff = false
[roles.dsl]
holder = "Pat Example"
deputies = ["Toni Teacher"]
"""


def test_a_row_and_an_entry_of_one_address_or_name_are_one_person_and_school_toml_counts(read):
    people = read(
        "name,email,team,starts,group\n"
        "Patricia Example,PAT@example.org,Office,1/9/2020,\n"
        "Mr Sam Sample,sam@example.org,Board,,staff\n"
        "Toni Teacher,toni@example.org,Music,,\n",
        PEOPLE,
    )

    assert people.persons == (
        Person("pat", "Pat Example", "pat@example.org", team="Leadership", starts=date(2020, 9, 1)),
        Person(
            "sam", "Sam Sample", "sam@example.org", staff=False, team="Board", group="governors"
        ),
        Person("toni-example-org", "Toni Teacher", "toni@example.org", team="Music"),
    )
    assert people.holdings == (
        Holding("dsl", "Designated Safeguarding Lead", ("pat",), ("toni-example-org",)),
    )


def test_one_name_with_another_address_than_in_school_toml_is_refused(read):
    said = refused(read, "name,email\nPat Example,p.example@example.org\n", PEOPLE)

    assert said == (
        "row 2: 'Pat Example' is also the name of 'pat' in school.toml, with another address; write "
        "the same address in both, or tell the two apart in their names"
    )


def test_a_row_whose_address_is_a_colleagues_account_or_id_is_refused_with_its_row(read):
    listed = "name,email,accounts\nToni Teacher,toni@example.org,slack:T1/U1\n"
    own = '[people.pat]\nname = "Pat Example"\naccounts = ["slack:T1/U1"]\n'

    assert refused(read, listed, own).startswith("row 2: 'slack:t1/u1' is also that of 'pat';")


def test_two_people_of_one_name_with_their_own_addresses_are_two_and_are_named_by_their_ids(read):
    listed = "name,email\nPat Example,pat@example.org\nPat Example,pat.e@example.org\n"

    assert [p.id for p in read(listed).persons] == ["pat-example-org", "pat-e-example-org"]
    holder = '[roles.dsl]\nholder = "{}"\n'
    assert read(listed, holder.format("pat-e-example-org")).holders("dsl")[0].email[:5] == "pat.e"
    with pytest.raises(
        BadSettings, match="'Pat Example' is the name of several people; write pat-"
    ):
        read(listed, holder.format("Pat Example"))


def test_an_id_stays_whatever_else_of_a_row_changes(read):
    first = "name,email\nPat Example,pat@example.org\nVic Volunteer,\n"
    then = "team,email,name\n,,Kim New\n,,Mrs Vic  VOLUNTEER\nOffice,Pat@example.org,Pat Married\n"

    assert [p.id for p in read(first).persons] == ["pat-example-org", "vic-volunteer"]
    assert [p.id for p in read(then).persons] == ["kim-new", "vic-volunteer", "pat-example-org"]


def test_addresses_that_read_the_same_as_ids_are_two_people_and_no_id_is_a_role(read):
    people = read("name,email\nA One,a.b@example.org\nB Two,a-b@example.org\nDSL,\n")

    assert len({p.id for p in people.persons}) == 3
    assert people.persons[2].id == "dsl-person"


def test_all_mistakes_of_a_list_are_told_at_once(oak, tmp_path):
    listed = "name,email\nPat Example,x\n,y@example.org\nSam Sample,z\n"
    school = oak(listed)

    with pytest.raises(BadSettings, match=r"row 2: .* \(and 2 more; see them with: mayi check\)$"):
        people_of(school)
    told = [f.partition("staff.csv: ")[2] for f in check(Home(tmp_path)) if "staff.csv" in f]
    assert [t.partition(":")[0] for t in told] == ["row 2", "row 3", "row 4"]


def test_the_check_names_who_cannot_be_reached_and_a_role_that_school_toml_gives_to_another(
    oak, tmp_path
):
    oak(
        "name,email,role,group\nPat Example,,,\nToni Teacher,toni@example.org,dsl,\n"
        "Old Printer,,,service\n",
        '[people.sam]\nname = "Sam Sample"\naccounts = ["slack:T1/U1"]\n'
        '[roles.dsl]\nholder = "Sam Sample"\n',
    )

    found = check(Home(tmp_path))

    assert (
        "oak: there is no way to reach Pat Example: no mail address and no chat account; add one, or they "
        "hear of nothing" in found
    )
    assert any(
        "row 3: Toni Teacher has the role dsl there and not in school.toml" in f for f in found
    )


def test_the_check_names_a_role_whose_holder_has_left_and_lists_that_mean_nobody(oak, tmp_path):
    oak(
        "name,email,leaves\nPat Example,pat@example.org,2020-07-31\n",
        '[roles.headteacher]\nholder = "Pat Example"\n'
        '[reminders.phones]\nto = ["staff", "team:Year 9", "pet"]\n'
        '[acknowledgements]\nwho = ["governors", "volunters"]\n',
    )

    found = check(Home(tmp_path))

    assert (
        "oak: Pat Example left on 2020-07-31 and is named as Headteacher; name whoever came after"
        in found
    )
    assert "oak: reminders.phones.to: 'team:Year 9' is nobody here; use staff, governors, volunteers, a role, a person's id or team:NAME" in found  # fmt: skip
    assert [f.split(":")[1] for f in found if "is nobody here" in f] == [
        " reminders.phones.to", " reminders.phones.to", " acknowledgements.who",
    ]  # fmt: skip


def test_a_list_that_is_spoilt_while_it_is_used_leaves_the_last_good_one(oak, tmp_path, caplog):
    rosters = Rosters()
    school = oak("name\nPat Example\n")
    assert [p.id for p in rosters.of(school, (), NOW).persons] == ["pat-example"]

    (tmp_path / "schools" / "oak" / "staff.csv").write_text("name,email\nSam Sample,x\n", "utf-8")
    known = (Known("slack:T1/U1", "Kim New", "kim@example.org"),)
    for told in ((), (), known):
        assert [p.id for p in rosters.of(school, told, NOW).persons] == ["pat-example"]
    assert [r.getMessage().partition("staff.csv: ")[2][:6] for r in caplog.records] == ["row 2:"]

    (tmp_path / "schools" / "oak" / "staff.csv").write_text("name\nSam Sample\n", "utf-8")
    assert [p.id for p in rosters.of(school, known, NOW).persons] == ["sam-sample"]


def test_somebody_on_the_list_on_slack_and_in_entra_is_one_person(read):
    people = with_known(
        read(
            "name,email,accounts\nPat Example,pat@example.org,\n"
            "Sam Sample,sam@example.org,teams:T/9\n"
        ),
        (
            Known("slack:T1/U1", "Patty", "Pat@Example.org"),
            Known("teams:T/1", "EXAMPLE Pat", "pat@example.org"),
            Known("slack:T1/U2", "Sam", "sam@example.org"),
            Known("teams:T/9", "Sam Sample", "s.sample@other.example"),
            Known("slack:T1/U3", "Kim New", "kim@example.org"),
            Known("teams:T/3", "Kim New", "KIM@example.org"),
            Known("slack:T1/U4", "Pat Example", "impostor@example.net"),
        ),
        all_are_staff=True,
    )

    assert [(p.id, p.accounts) for p in people.persons] == [
        ("pat-example-org", ("slack:T1/U1", "teams:T/1")),
        ("sam-example-org", ("teams:T/9", "slack:T1/U2")),
        ("kim-example-org", ("slack:T1/U3", "teams:T/3")),
        ("impostor-example-net", ("slack:T1/U4",)),
    ]


CELLS = st.text("ab,;\"'\n\t=@.é \x00/0123", max_size=9)


@given(st.lists(st.lists(CELLS, max_size=5), max_size=6), st.sampled_from(",;\t"))
def test_whatever_stands_in_a_list_is_read_or_refused_a_line_each(
    tmp_path_factory, rows, delimiter
):
    file = tmp_path_factory.getbasetemp() / "any.csv"
    text = "\n".join(delimiter.join(row) for row in [["name", "email", "starts"], *rows])
    file.write_text(text, "utf-8", newline="")
    try:
        said = staff_list.read(file, {"dsl": "DSL"}).wrong
    except BadSettings as e:
        said = (str(e),)

    assert all("\n" not in line for line in said)
