from django.db import migrations, models

# The built-in questions, as they were put at first, and the German words of each.
_PUT = {
    "need": ("What would you like to achieve?", [], {"label": "Was möchten Sie erreichen?"}),
    "role": (
        "What is your part in it?",
        ["I decide", "I prepare the decision", "I will work with it", "I am only looking around"],
        {
            "label": "Was ist Ihr Anteil daran?",
            "options": [
                "Ich entscheide", "Ich bereite die Entscheidung vor", "Ich werde damit arbeiten", "Ich sehe mich nur um",
            ],
        },
    ),
    "timeline": (
        "When should it be in place?",
        ["Within a month", "Within three months", "Within half a year", "Later", "No plans yet"],
        {
            "label": "Wann soll es so weit sein?",
            "options": [
                "Innerhalb eines Monats", "Innerhalb von drei Monaten", "Innerhalb eines halben Jahres", "Später",
                "Noch keine Pläne",
            ],
        },
    ),
    "budget": (
        "Is there a budget for it?",
        ["Yes", "It is being asked for", "Not yet"],
        {"label": "Gibt es dafür ein Budget?", "options": ["Ja", "Es ist beantragt", "Noch nicht"]},
    ),
    "product": ("Which product is it about?", [], {"label": "Um welches Produkt geht es?"}),
    "may_write": (
        "You may write to me about this and similar subjects now and then.",
        [],
        {"help": "Sie können das jederzeit zurücknehmen."},
    ),
}


def speak(apps, schema_editor):
    """The built-in questions that nobody has worded otherwise have their German words, too."""
    for question in apps.get_model("ripeline", "Question").objects.filter(key__in=_PUT):
        label, options, words = _PUT[question.key]
        if (question.label, question.options) == (label, options):
            shown = {"options": dict(zip(options, words["options"], strict=True))} if options else {}
            question.spoken = {"de": words | shown}
            question.save(update_fields=["spoken"])


class Migration(migrations.Migration):

    dependencies = [
        ("ripeline", "0062_language_of_forms"),
    ]

    operations = [
        migrations.AddField(
            model_name="question",
            name="spoken",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.RunPython(speak, migrations.RunPython.noop),
    ]
