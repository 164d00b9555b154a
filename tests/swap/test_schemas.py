"""What pg_dump writes down arrives as it was: names, defaults and bodies hold any character."""

from __future__ import annotations

import pytest

from stackgen.contracts.pgvector.dump import keep_usable_statements

pytestmark = pytest.mark.unit
SPLITTING = (
    "\u2028",
    "\u2029",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\r",
)  # ends of lines to Python, and not to PostgreSQL
HEAD = """\
--
-- PostgreSQL database dump
--

\\restrict Zk0aSbQ

-- Dumped from database version 18.1

SET statement_timeout = 0;
SET transaction_timeout = 0;
SET standard_conforming_strings = on;

--
-- Name: public; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA public;


--
-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION vector IS 'it''s a type; and
two lines';


"""
TAIL = """

--
-- PostgreSQL database dump complete
--

\\unrestrict Zk0aSbQ

"""
LOOK_ALIKES = "-- a comment\nCREATE SCHEMA public;\nCOMMENT ON EXTENSION vector IS 'x';\n\\restrict x\n"
STATEMENTS = (
    f"CREATE FUNCTION public.f() RETURNS text\n    LANGUAGE sql\n    AS $_$\n{LOOK_ALIKES}select 'one'$_$;",
    "CREATE FUNCTION public.g() RETURNS text\n    AS $$select 1;\nCOMMENT ON EXTENSION vector IS 'x'$$;",
    f"CREATE TABLE public.\"a;--b\" (\n    a text DEFAULT '\n{LOOK_ALIKES.replace(chr(39), chr(39) * 2)}'\n);",
    "ALTER TABLE public.t ALTER COLUMN a$b$c SET DEFAULT E'it\\'s;\n-- no comment\\\\';",
    "COMMENT ON TABLE public.t IS 'kept; as it is';",
)


def test_what_is_of_no_use_goes_and_all_else_stays() -> None:
    text = keep_usable_statements(HEAD + "\n\n".join(STATEMENTS) + TAIL)
    assert [line for line in text.splitlines() if line][:2] == [
        "SET statement_timeout = 0;",
        "SET standard_conforming_strings = on;",
    ]
    for statement in STATEMENTS:
        assert statement in text
        text = text.replace(statement, "")
    assert text.split() == [
        "SET",
        "statement_timeout",
        "=",
        "0;",
        "SET",
        "standard_conforming_strings",
        "=",
        "on;",
    ]


@pytest.mark.parametrize("splitting", SPLITTING)
def test_nothing_but_a_line_feed_ends_a_line(splitting: str) -> None:
    inside = f"x{splitting}create table injected(); --"
    named = f"CREATE TABLE public.\"{inside}\" (\n    a text DEFAULT 'one{splitting}two'\n);"
    comment = f"--\n-- Name: {inside.replace(chr(13), ' ')}; Type: TABLE\n--\n\n"
    text = keep_usable_statements(HEAD + comment + named + TAIL)
    assert named in text
    assert text.count("create table injected") == 1
