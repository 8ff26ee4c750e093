"""What strangers read in German."""

from ripeline.catalog.phrases.fixed import Language, Phrases

DE = Phrases(
    code=Language.GERMAN,
    email="E-Mail",
    name="Ihr Name",
    company="Firma",
    phone="Telefon",
    title="Ihre Aufgabe dort",
    optional="freiwillig",
    choose="Bitte wählen",
    yes="Ja",
    no="Nein",
    privacy="Datenschutzhinweise",
    leave_empty="Bitte leer lassen",
    verb="Absenden",
    thanks="Vielen Dank. Wir melden uns bei Ihnen.",
    on_its_way="{} ist per E-Mail zu Ihnen unterwegs.",
    confirm_it=(
        "Bitte bestätigen Sie noch in Ihrem Postfach, dass wir Ihnen schreiben dürfen; eine E-Mail mit einem Link "
        "dafür ist unterwegs."
    ),
    go_on="Weiter",
    shut="Dieses Formular ist nicht mehr offen.",
    other_way="Bitte wenden Sie sich auf anderem Weg an {}.",
    unnamed="Dieses Formular kann hier noch nicht stehen: Die Website {} muss erst in seinen Einstellungen stehen.",
    one_wrong="Bitte sehen Sie eine Angabe noch einmal an.",
    some_wrong="Bitte sehen Sie {} Angaben noch einmal an.",
    sent_before=(
        "Was Sie hier vorher geschrieben haben, ist angekommen. Soll auch dies ankommen, senden Sie es bitte noch "
        "einmal ab."
    ),
    stale="Diese Seite war lange offen. Bitte sehen Sie sie noch einmal durch und senden Sie sie erneut ab.",
    too_often=(
        "Aus Ihrem Netz ist gerade sehr viel angekommen. Bitte senden Sie es in zehn Minuten noch einmal ab; was Sie "
        "geschrieben haben, steht noch hier."
    ),
    busy=(
        "Das konnten wir gerade nicht annehmen. Bitte senden Sie es noch einmal ab; was Sie geschrieben haben, steht "
        "noch hier."
    ),
    fill_in="Bitte ausfüllen.",
    tick="Bitte ankreuzen.",
    reworded=(
        "Dieser Text hat sich geändert, seit Sie die Seite geöffnet haben. Bitte lesen Sie ihn noch einmal und kreuzen "
        "Sie ihn an, wenn Sie zustimmen."
    ),
    one_of_these="Bitte wählen Sie eine der Antworten aus der Liste.",
    yes_or_no="Bitte antworten Sie mit Ja oder Nein.",
    number="Bitte schreiben Sie eine Zahl, etwa 12.",
    date="Bitte schreiben Sie ein Datum, etwa 31.03.2026.",
    too_long="Bitte fassen Sie sich kürzer: höchstens {} Zeichen.",
    no_email="Das ist keine vollständige E-Mail-Adresse, etwa name@example.com.",
    no_phone="Das ist keine Telefonnummer.",
    has_for_you="{} hat das für Sie bereitgelegt",
    here_for_you="Das haben wir für Sie bereitgelegt",
    open_it="Öffnen",
    download="Herunterladen",
    bytes="Bytes",
    decimal=",",
    works_until="Der Link gilt bis zum {}.",
    day="{day}. {month} {year}",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    link_over="Dieser Link gilt nicht mehr",
    link_over_why="Er galt einen Monat. Fordern Sie ihn bitte dort noch einmal an, wo Sie ihn bekommen haben.",
    ask_firm_too="Oder wenden Sie sich an {}.",
    cut_short=(
        "Vielleicht wurde er unterwegs abgeschnitten: Manche E-Mail-Programme brechen lange Links um. Öffnen Sie ihn "
        "noch einmal aus der E-Mail, oder kopieren Sie ihn ganz, bis zum letzten Zeichen, in die Adresszeile."
    ),
    cut_short_else="Hilft das nicht, fordern Sie ihn bitte dort noch einmal an, wo Sie ihn bekommen haben.",
    confirm_title="Bitte bestätigen",
    was_it_you="Waren Sie das?",
    somebody_asked="Jemand hat bei {} E-Mails an Ihre Adresse bestellt:",
    one_click="Mit einem Klick bestätigen Sie, dass Sie es waren.",
    yes_send="Ja, bitte senden",
    not_you=(
        "Wenn Sie es nicht waren, schließen Sie diese Seite: Es wird nichts gesendet. In jeder E-Mail steht ein Link, "
        "der sie beendet."
    ),
    confirmed_title="Bestätigt",
    confirmed="Danke, das ist bestätigt",
    may_write="{} darf Ihnen jetzt schreiben:",
    every_mail_stops="In jeder E-Mail steht ein Link, der sie beendet.",
    confirm_over=(
        "Er ist älter als sieben Tage, oder es hat sich seither etwas geändert. Bestellen Sie die E-Mails bei {} dort "
        "noch einmal, wo Sie es zuerst getan haben; dann kommt ein neuer Link."
    ),
    confirmed_before="Das ist schon bestätigt",
    stopped_all="Sie haben alle E-Mails beendet",
    stopped_since=("Dieser Link wurde schon benutzt und ändert nichts: {} sendet Ihnen nur, worum Sie selbst bitten."),
    take_back="Wieder wählen, was Sie bekommen",
    choose_title="Was wir Ihnen senden dürfen",
    stop_this="Diese E-Mails beenden?",
    what_may_we="Was dürfen wir Ihnen senden?",
    nothing_comes="Zurzeit geht gar keine E-Mail an Ihre Adresse.",
    ask_again="Soll wieder etwas kommen, wenden Sie sich an {}.",
    writes_about="{} schreibt Ihnen zu:",
    choose_to_stop="Wählen Sie, was aufhören soll; es gilt sofort.",
    stop="„{}“ beenden",
    or_choose="Oder wählen Sie, was Sie bekommen",
    choose_about="Wählen Sie, wozu {} Ihnen schreiben darf.",
    keep_choice="Auswahl speichern",
    stop_all="Alle E-Mails beenden, um die ich nicht gebeten habe",
    still_answers=(
        "Antworten auf das, worum Sie selbst bitten, erreichen Sie weiterhin. Diese Seite zu öffnen hat nichts "
        "geändert."
    ),
    kept_title="Gespeichert",
    choice_kept="Ihre Auswahl ist gespeichert",
    writes_about_list="{} darf Ihnen schreiben zu:",
    writes_nothing="{} schreibt Ihnen nichts, worum Sie nicht gebeten haben.",
    nothing_whatever="Zurzeit geht gar keine E-Mail an Ihre Adresse, was immer Sie wählen.",
    may_still_arrive="Eine E-Mail, die vorher abging, kann noch ankommen.",
    link_leads_back="Derselbe Link führt jederzeit hierher zurück.",
    stopped_title="Beendet",
    stopped="Es ist beendet",
    no_more="{} schreibt Ihnen nicht mehr, außer Sie bitten selbst um etwas.",
    no_more_about="{} sendet Ihnen keine E-Mails mehr zu:",
    mistake="War das ein Versehen? Derselbe Link führt zu dem, was Sie bekommen; dort wählen Sie es wieder.",
    broken_link="Dieser Link funktioniert nicht",
    broken_link_why=("Hilft das nicht, antworten Sie auf die E-Mail und bitten Sie {} aufzuhören; das zählt ebenso."),
    nothing_here="Hier ist nichts",
    nothing_here_why="Die Seite wurde verschoben oder entfernt, oder in der Adresse ist ein Tippfehler.",
    unreadable="Das war nicht zu lesen",
    unreadable_why="Mit der Adresse oder dem Gesendeten ist hier nichts anzufangen. Nichts davon wurde behalten.",
    too_large="Das ist zu viel auf einmal",
    too_large_why="Was gesendet wurde, ist größer als jedes unserer Formulare. Nichts davon wurde behalten.",
    broke="Bei uns ist etwas schiefgegangen",
    broke_why="Bitte gehen Sie zurück und versuchen Sie es in einigen Minuten noch einmal.",
    one_moment="Einen Augenblick, bitte",
    one_moment_why=(
        "Wir können gerade nicht antworten. Gehen Sie zurück und senden Sie es in einigen Sekunden noch einmal ab."
    ),
    leads_nowhere="Dieser Link führt nirgendwo mehr hin",
    leads_nowhere_why="Vielleicht ist ein Buchstabe falsch getippt, oder wohin er führte, gibt es nicht mehr.",
    ask_firm="Fragen Sie bitte bei {} nach.",
    not_whole="Dieser Link ist nicht vollständig",
    not_whole_why=(
        "Vielleicht wurde er in der E-Mail auf zwei Zeilen umbrochen. Kopieren Sie ihn ganz in die Adresszeile, oder "
        "antworten Sie auf die E-Mail und fragen Sie nach."
    ),
    hello="Guten Tag {},",
    hello_nobody="Guten Tag,",
    button_fails="Wenn die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:",
    confirm_subject="Bitte bestätigen: {}",
    confirm_text=(
        "jemand, wir hoffen Sie, hat bei {firm} E-Mails bestellt: {purpose}. Bitte bestätigen Sie, dass Sie es waren. "
        "Sonst senden wir nichts."
    ),
    it_was_me="Ja, das war ich",
    holds_a_week="Der Link gilt sieben Tage. Wenn Sie es nicht waren, brauchen Sie nichts zu tun.",
    asked_for="hier ist, worum Sie gebeten haben: {}.",
    open_asset="{} öffnen",
    choose_mail="Auswählen, was wir Ihnen senden dürfen",
    stop_or_choose="Diese E-Mails beenden oder auswählen, was wir Ihnen senden",
    agreed_to="Sie bekommen diese E-Mail, weil Sie zugestimmt haben: {}.",
    read_more="Mehr lesen",
)
