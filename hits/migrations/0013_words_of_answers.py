"""The words of answers, with an index of three letters in each database."""

import django.db.models.deletion
from django.db import migrations, models

# An FTS5 table without the words in it: it looks them up in the table it belongs to. `detail=none` halves it; what the
# letters then leave open is settled by LIKE.
SQLITE = [
    """CREATE VIRTUAL TABLE hits_answerwords_letters USING fts5(
        text, content='hits_answerwords', content_rowid='assignment_id', tokenize='trigram', detail='none')""",
    """CREATE TRIGGER hits_answerwords_added AFTER INSERT ON hits_answerwords BEGIN
        INSERT INTO hits_answerwords_letters(rowid, text) VALUES (new.assignment_id, new.text); END""",
    """CREATE TRIGGER hits_answerwords_removed AFTER DELETE ON hits_answerwords BEGIN
        INSERT INTO hits_answerwords_letters(hits_answerwords_letters, rowid, text)
        VALUES ('delete', old.assignment_id, old.text); END""",
    """CREATE TRIGGER hits_answerwords_changed AFTER UPDATE ON hits_answerwords BEGIN
        INSERT INTO hits_answerwords_letters(hits_answerwords_letters, rowid, text)
        VALUES ('delete', old.assignment_id, old.text);
        INSERT INTO hits_answerwords_letters(rowid, text) VALUES (new.assignment_id, new.text); END""",
]
SQLITE_BACK = [
    "DROP TRIGGER hits_answerwords_changed",
    "DROP TRIGGER hits_answerwords_removed",
    "DROP TRIGGER hits_answerwords_added",
    "DROP TABLE hits_answerwords_letters",
]
# Each three letters in a row as one number. pg_trgm does the same in C, and asks for an extension that not every server
# has and not every owner of a database may make.
POSTGRESQL = [
    """CREATE FUNCTION hits_letters(words text) RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT COST 5000
        AS $$
        SELECT coalesce(array_agg(DISTINCT (a << 42) | (b << 21) | c), '{}')
        FROM (
            SELECT ascii(letter)::bigint AS a,
                lead(ascii(letter)::bigint) OVER line AS b,
                lead(ascii(letter)::bigint, 2) OVER line AS c
            FROM unnest(string_to_array(words, NULL)) WITH ORDINALITY AS letters(letter, place)
            WINDOW line AS (ORDER BY place)
        ) AS threes
        WHERE c IS NOT NULL
        $$""",
    "CREATE INDEX hits_answerwords_letters ON hits_answerwords USING gin (hits_letters(text))",
]
POSTGRESQL_BACK = ["DROP INDEX hits_answerwords_letters", "DROP FUNCTION hits_letters(text)"]


def make_index(apps, schema_editor):
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement)


def drop_index(apps, schema_editor):
    for statement in {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK}.get(schema_editor.connection.vendor, []):
        schema_editor.execute(statement)


def show_all_again(apps, schema_editor):
    """The digest keeps the words of what it is shown; answers it has seen already are shown once more."""
    apps.get_model("hits", "Assignment").objects.filter(fresh=False).update(fresh=True)


class Migration(migrations.Migration):
    dependencies = [("hits", "0012_figures_of_batches")]

    operations = [
        migrations.CreateModel(
            name="AnswerWords",
            fields=[
                (
                    "assignment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="hits.assignment",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.RunPython(make_index, drop_index),
        migrations.RunPython(show_all_again, migrations.RunPython.noop),
    ]
