"""How well a name is what somebody typed: for a few that a search found, of which the best comes first."""

from ripeline.leads.words.names import name_words

EXACT, WHOLE, BEGUN, ELSE = range(4)
Place = tuple[int, int]


def place(typed: str, name: str) -> Place:
    """Where a name stands among others: just so, by whole words, by their beginnings; among equals the shortest.

    A number that was typed is a whole one: 3 is not the beginning of 31.
    """
    asked, words = name_words(typed), name_words(name)
    if not asked or not words:
        return ELSE, len(name)
    if asked == words:
        return EXACT, len(name)
    if all(word in words for word in asked):
        return WHOLE, len(name)
    begun = all(word in words if word.isdecimal() else any(w.startswith(word) for w in words) for word in asked)
    return BEGUN if begun else ELSE, len(name)
