"""A form has the colours of a company, by day and by night, and all that it says can be read."""

from hypothesis import assume, given
from hypothesis import strategies as st

from ripeline.capture.doors import colours

HEX = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@given(st.fixed_dictionaries({}, optional={"accent": HEX, "paper": HEX, "ink": HEX}))
def test_whatever_colours_are_chosen_all_that_a_form_says_can_be_read(style: dict[str, str]) -> None:
    assume(colours.can_be_read(style))
    grounds = [({**colours.USUAL, "wrong": colours.WRONG[0], **style}, colours.rules(style))]
    if not colours.is_own(style):
        grounds.append(({**colours.DARK, "wrong": colours.WRONG[1], **style}, colours.rules_in_the_dark(style)))
    for chosen, rules in grounds:
        said = dict(rule.rstrip(";").split(": ") for rule in rules)
        ink, paper = chosen["ink"], chosen["paper"]

        def shown(name: str, otherwise: str, said: dict[str, str] = said, ink: str = ink) -> str:
            return said.get(name, otherwise).replace("var(--ink)", ink)

        mixed = {name: colours.mixed(ink, paper, share) for name, share in (("--soft", 0.72), ("--edge", 0.55))}
        assert colours.contrast(shown("--soft", mixed["--soft"]), paper) >= 4.5
        assert colours.contrast(shown("--edge", mixed["--edge"]), paper) >= 3
        assert colours.contrast(shown("--wrong", chosen["wrong"]), paper) >= 4.5
        assert (
            colours.contrast(shown("--link", chosen["accent"]).replace("var(--accent)", chosen["accent"]), paper) >= 4.5
        )
        assert colours.contrast(colours.letters_on(chosen["accent"]), chosen["accent"]) >= 4.5
        assert "--rim" in said or colours.contrast(chosen["accent"], paper) >= 3
