"""Which phrases there are, and in which languages: what every file beside this one fills in."""

from dataclasses import dataclass

from django.db import models


class Language(models.TextChoices):
    ENGLISH = "en", "English"
    GERMAN = "de", "German"


@dataclass(frozen=True)
class Phrases:
    """`{}` stands for what is put there: a name, a number, a title."""

    code: Language

    # a form
    email: str
    name: str
    company: str
    phone: str
    title: str
    optional: str
    choose: str
    yes: str
    no: str
    privacy: str
    leave_empty: str
    verb: str  # on its button, where nobody wrote another; so are the thanks
    thanks: str
    on_its_way: str  # what they get
    confirm_it: str
    go_on: str
    shut: str
    other_way: str
    unnamed: str  # on a site that may not show it

    # what is wrong with what was sent
    one_wrong: str
    some_wrong: str
    sent_before: str
    stale: str
    too_often: str
    busy: str
    fill_in: str
    tick: str
    reworded: str
    one_of_these: str
    yes_or_no: str
    number: str
    date: str
    too_long: str
    no_email: str
    no_phone: str

    # a link that gives something
    has_for_you: str
    here_for_you: str
    open_it: str
    download: str
    bytes: str
    decimal: str
    works_until: str
    day: str
    months: str
    link_over: str
    link_over_why: str
    ask_firm_too: str
    cut_short: str
    cut_short_else: str

    # a double opt-in
    confirm_title: str
    was_it_you: str
    somebody_asked: str
    one_click: str
    yes_send: str
    not_you: str
    confirmed_title: str
    confirmed: str
    may_write: str
    every_mail_stops: str
    confirm_over: str
    confirmed_before: str
    stopped_all: str
    stopped_since: str
    take_back: str

    # choosing what comes
    choose_title: str
    stop_this: str
    what_may_we: str
    nothing_comes: str
    ask_again: str
    writes_about: str
    choose_to_stop: str
    stop: str
    or_choose: str
    choose_about: str
    keep_choice: str
    stop_all: str
    still_answers: str
    kept_title: str
    choice_kept: str
    writes_about_list: str
    writes_nothing: str
    nothing_whatever: str
    may_still_arrive: str
    link_leads_back: str
    stopped_title: str
    stopped: str
    no_more: str
    no_more_about: str
    mistake: str
    broken_link: str
    broken_link_why: str

    # where something is wrong with a page or an address
    nothing_here: str
    nothing_here_why: str
    unreadable: str
    unreadable_why: str
    too_large: str
    too_large_why: str
    broke: str
    broke_why: str
    one_moment: str
    one_moment_why: str
    leads_nowhere: str
    leads_nowhere_why: str
    ask_firm: str
    not_whole: str
    not_whole_why: str

    # mail
    hello: str
    hello_nobody: str
    button_fails: str
    confirm_subject: str
    confirm_text: str
    it_was_me: str
    holds_a_week: str
    asked_for: str
    open_asset: str
    choose_mail: str
    stop_or_choose: str
    agreed_to: str
    read_more: str
