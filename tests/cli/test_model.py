"""`ripeline model` as somebody types it."""

from pathlib import Path

from tests.cli.conftest import Run


def test_a_company_without_leads_keeps_the_general_rule_and_says_why(run: Run, database: str) -> None:
    fitted = run("model", "fit", "--json", DATABASE_URL=database)
    assert fitted.status == 0, fitted.err
    assert (fitted.json["verdict"], fitted.json["n"]) == ("too_little", 0)
    assert "No lead has come yet" in fitted.json["reason"]
    listed = run("model", "list", "--json", DATABASE_URL=database).json["runs"]
    assert [(one["name"], one["current"]) for one in listed] == [(fitted.json["name"], False), ("prior-1", True)]
    refused = run("model", "promote", str(fitted.json["run"]), DATABASE_URL=database)
    assert refused.status == 1
    assert "learnt no model" in refused.err
    refused = run("model", "rollback", DATABASE_URL=database)
    assert "there is nothing before it" in refused.err
    refused = run("model", "fit", "--as-of", "2999-01-01", DATABASE_URL=database)
    assert "has not come yet" in refused.err


def test_explain_says_what_the_browser_says_and_what_adds_up_to_it(run: Run, database: str, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("Name,Email,Lead id,Source,Chairs\nPriya Raman,priya@northgate.example,00Q-7,Quote request,4\n")
    assert run("import", str(file), DATABASE_URL=database).status == 0
    found = run("model", "explain", "priya@northgate.example", "--json", DATABASE_URL=database).json
    assert found["sentence"].startswith("Likely ready within a month (")
    assert "asked for a quote (+)" in found["sentence"]
    assert found["mostly_prior"]
    added = sum(part["adds"] for part in found["contributions"])
    assert abs(found["average"] + added + found["curve"] - found["log_odds"]) < 1e-9
    said = run("model", "explain", "00Q-7", DATABASE_URL=database)
    assert found["sentence"] in said.out
    missing = run("model", "explain", "nobody@nowhere.example", DATABASE_URL=database)
    assert (missing.status, "There is no lead with the id, external id" in missing.err) == (1, True)
    fields = run("model", "fields", "--json", DATABASE_URL=database).json["fields"]
    assert [(one["key"], one["learnt_from"]) for one in fields] == [("chairs", False)]
    fields = run("model", "fields", "--learn", "chairs", "--json", DATABASE_URL=database).json["fields"]
    assert fields[0]["learnt_from"]
