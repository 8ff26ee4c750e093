"""One company under its name and its domain: found by indexes, however many companies there are."""

from importlib import import_module
from types import SimpleNamespace

from django.db import connection

from ripeline.base.copying import as_json
from ripeline.leads.knowing import same_name
from ripeline.leads.models import Account
from ripeline.leads.words.keys import account_key


def test_companies_of_one_name_are_found_by_indexes(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO account (id, key, name, named, domain, created_at)
            SELECT gen_random_uuid(), 'd:firm' || n || '.example', 'Firm ' || n, 'n:firm ' || n,
                'firm' || n || '.example', now()
            FROM generate_series(1, 50000) AS n
        """)
        cursor.execute("ANALYZE account")
        given = [{"key": "n:firm 7", "named": "n:firm 7"}]
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE near (jsonb) AS {same_name._NEAR.replace('%(given)s', '$1').replace('%%', '%')}")
        cursor.execute("EXPLAIN EXECUTE near(%s)", [as_json(given)])
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("DEALLOCATE near")
    assert "Seq Scan on account" not in plan, plan
    assert "account_named" in plan
    found = same_name.find({"n:firm 7": "Firm 7", "n:none here": "None here"}, same_name.Word.APART)
    assert {key: name for key, (_, _, name) in found.items()} == {"n:firm 7": "Firm 7"}


def test_a_domain_bears_a_name_out_by_a_word_of_it_or_by_its_initials() -> None:
    assert same_name.bears_out("koelner-zahnzentrum.example", "Kölner Zahnzentrum GmbH")
    assert same_name.bears_out("bmw.example", "Bright Medical Works")
    assert same_name.bears_out("the-crescent.example", "The Crescent")
    assert not same_name.bears_out("doe.example", "Self-employed")
    assert not same_name.bears_out("the-group.example", "The Group")
    assert not same_name.bears_out("example", "Example")


def test_an_upgrade_finds_companies_of_before_by_their_names(db: None) -> None:
    names = {"d:northgate.example": "Northgate  DENTAL", "n:zahn müller": "Zahn-Müller", "d:x.example": "!"}
    for key, name in names.items():
        Account.objects.create(key=key, name=name)
    import_module("ripeline.migrations.0073_account_named").fill(None, SimpleNamespace(connection=connection))
    said = dict(Account.objects.values_list("key", "named"))
    assert said == {key: account_key(name) for key, name in names.items()}
    assert said["d:northgate.example"] == "n:northgate dental"
