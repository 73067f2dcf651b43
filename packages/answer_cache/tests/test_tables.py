"""The effect of statements on kept answers. Statements that are not understood outdate all answers."""

import pytest

from packages.answer_cache.keeper import CONTENT, FREQUENT
from packages.answer_cache.tables import MAX_KNOWN_CHARACTERS, Tables

TABLES = Tables(
    private=("session", "basket", "person.last_login", "person.password"),
    frequent=("thing.stock", "thing.sold", "sale"),
)

OUTDATING_NONE = [
    'INSERT INTO "session" ("key") VALUES (%s)',
    'INSERT INTO "basket" ("id") SELECT "id" FROM "thing"',
    'INSERT INTO "basket" ("id") VALUES (%s) ON CONFLICT ("id") DO UPDATE SET "id" = excluded."id" RETURNING "id"',
    "insert or ignore into basket (id) values (%s)",
    "REPLACE INTO basket (id) VALUES (%s)",
    'UPDATE "session" SET "data" = %s WHERE "key" = %s',
    'DELETE FROM "basket" WHERE "id" IN (%s, %s)',
    'UPDATE "person" SET "last_login" = %s WHERE "id" = %s',
    'UPDATE "person" SET "password" = %s, "last_login" = %s',
    *(
        "SELECT 1",
        'SELECT "name" FROM "thing" FOR UPDATE',
        'SELECT 1 FROM "thing" FOR NO KEY UPDATE OF "thing"',
    ),
    "SELECT pg_current_wal_flush_lsn()",
    "SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= %s::pg_lsn",
    '(SELECT "id" FROM "thing") UNION (SELECT "id" FROM "sale")',
    "WITH some AS (SELECT * FROM thing) SELECT count(*) FROM some",
    "SELECT value FROM json_each('[1]')",
    *("BEGIN IMMEDIATE", "COMMIT", 'SAVEPOINT "s1"', 'RELEASE SAVEPOINT "s1"', 'ROLLBACK TO SAVEPOINT "s1"'),
]
OUTDATING_FEW = [
    'INSERT INTO "sale" ("id") VALUES (%s)',
    'UPDATE "sale" SET "status" = %s',
    'UPDATE "thing" SET "stock" = ("thing"."stock" - %s)',
    'UPDATE "thing" SET "stock" = CASE WHEN ("thing"."id" = %s) THEN %s END, "sold" = %s WHERE "id" IN (%s)',
    'UPDATE "thing" SET stock = thing.stock + more.n, sold = 2 FROM (SELECT n, "name" FROM x WHERE a = 1) AS more',
]
OUTDATING_ALL = [
    # Unlisted tables.
    'INSERT INTO "new_table" ("id") VALUES (%s)',
    'UPDATE "thing" SET "name" = %s',
    'DELETE FROM "thing" WHERE "id" = %s',
    'INSERT INTO "person" ("last_login") VALUES (%s)',
    'DELETE FROM "person"',
    'UPDATE "person" SET "last_login" = %s, "name" = %s',
    # More than frequent columns, in any spelling.
    'UPDATE "thing" SET "stock" = %s, "name" = %s',
    "UPDATE thing SET name=%s, stock = %s",
    "update thing set stock=1,name=2",
    "UPDATE thing SET (stock, name) = (1, 2)",
    "UPDATE thing SET stock = '(', name = ')'",
    "UPDATE thing SET stock = $$($$, name = $$)$$",
    "UPDATE thing SET stock = 1 /* ( */, name = 2 /* ) */",
    "UPDATE thing SET stock = a IS DISTINCT FROM b, name = 2",
    "UPDATE thing AS t SET stock = 1",
    # Another table than the first one.
    'WITH gone AS (DELETE FROM "thing" RETURNING *) SELECT * FROM gone',
    'WITH a AS (SELECT 1) UPDATE "session" SET "data" = %s',
    'INSERT INTO "session" WITH gone AS (DELETE FROM "thing" RETURNING id) SELECT id FROM gone',
    'UPDATE "session" SET "data" = %s; DELETE FROM "thing"',
    "SELECT 1; DELETE FROM thing",
    'UPDATE "public"."session" SET "data" = %s',
    "UPDATE public.session SET data = 1",
    "UPDATE ONLY session SET data = 1",
    # Everything else.
    "SELECT * INTO copied FROM thing",
    "SELECT discontinue(3)",
    "SELECT discontinue(pg_is_in_recovery())",
    "SELECT ours.pg_is_in_recovery()",
    "SELECT * FROM discontinue(3)",
    *("CREATE TABLE a (b int)", "ALTER TABLE thing ADD c int", "DROP TABLE basket", 'TRUNCATE "session"'),
    "MERGE INTO thing USING x ON a = b WHEN MATCHED THEN DELETE",
    *("COPY session FROM STDIN", "CALL discontinue(3)", "PRAGMA writable_schema = 1", "DO $$ BEGIN END $$"),
    *("EXPLAIN ANALYZE DELETE FROM thing", "/* a comment */ SELECT 1", "", "nonsense"),
]


class TestOutdates:
    @pytest.mark.parametrize("sql", OUTDATING_NONE)
    def test_nothing(self, sql: str) -> None:
        assert TABLES.effect(sql).outdates is None

    @pytest.mark.parametrize("sql", OUTDATING_FEW)
    def test_what_shows_frequent_changes(self, sql: str) -> None:
        assert TABLES.effect(sql).outdates == FREQUENT

    @pytest.mark.parametrize("sql", OUTDATING_ALL)
    def test_everything(self, sql: str) -> None:
        assert TABLES.effect(sql).outdates == CONTENT
        assert TABLES.effect(sql).private

    def test_everything_where_a_driver_composed_the_statement(self) -> None:
        assert TABLES.effect(object()).outdates == CONTENT


class TestReads:
    @pytest.mark.parametrize(
        ("sql", "private", "frequent"),
        [
            (
                'SELECT "thing"."name" FROM "thing" JOIN "person" ON "person"."id" = "thing"."person_id"',
                False,
                False,
            ),
            ('SELECT "thing"."stock" FROM "thing"', False, True),
            ("select Thing.Stock from THING", False, True),
            ('SELECT "name" FROM "thing" ORDER BY "sold"', False, True),
            ('SELECT EXISTS(SELECT 1 FROM "sale") AS "bought" FROM "thing"', False, True),
            ("SELECT * FROM thing", False, True),
            ("SELECT t.* FROM thing AS t", False, True),
            ("SELECT COUNT(*) FROM thing", False, False),
            ('SELECT (SELECT COUNT(*) FROM "basket") FROM "thing"', True, False),
            ('SELECT "person"."last_login" FROM "person"', True, False),
            ("SELECT * FROM person", True, False),
            ('SELECT "last_login" FROM "other"', False, False),
            ('UPDATE "session" SET "data" = %s', True, False),
        ],
    )
    def test_by_the_words_of_the_statement(self, sql: str, private: bool, frequent: bool) -> None:
        effect = TABLES.effect(sql)
        assert (effect.private, effect.frequent) == (private, frequent)


class TestKnown:
    def test_long_statements_are_not_held(self) -> None:
        tables = Tables(private=(), frequent=())
        for number in range(3):
            tables.effect(f"SELECT {number}")
            tables.effect(f"SELECT {number} {' ' * MAX_KNOWN_CHARACTERS}")
        assert tables.known.cache_info().currsize == 3


class TestNames:
    @pytest.mark.parametrize("names", [("a b",), ("",), ("a", "a.b"), ("a.b", "a"), ("a", "a")])
    def test_must_be_names(self, names: tuple[str, ...]) -> None:
        with pytest.raises(ValueError, match="Not a table"):
            Tables(private=names, frequent=())
