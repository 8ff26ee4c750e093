"""What the columns of an export are called: of all there is, and of a list's whole."""

HEADINGS = (
    "Ripeline id", "External id", "Name", "Title", "E-mail", "Phone", "Other telephones", "Company", "Country",
    "Language", "Source", "Campaign", "Captured at", "State", "Closed at", "Reason", "Owner", "With", "Next date",
    "Next step", "Last touch", "Touches", "Amount", "Currency", "Ripe within 30 days", "Buys in the end",
)  # fmt: skip
WHOLE = (
    "Id", "Name", "Title", "E-mail", "Telephone", "Other telephones", "Company", "Country", "Language", "State", "With",
    "Next date", "Next step", "Source", "Campaign", "Came to us", "Last touch", "Amount", "Currency",
    "Ripe within 30 days", "Buys in the end", "Reason",
)  # fmt: skip
