"""Every address of the screens: each screen module has its own `urlpatterns`; a new screen adds its line here."""

from django.urls import URLPattern, URLResolver, include, path

from ripeline.api import urls as api_urls

SCREENS = (
    "ripeline.web.frame.shell",
    "ripeline.web.public.ready",
    "ripeline.web.public.first_run",
    "ripeline.web.public.sign_in",
    "ripeline.web.settings.profile",
    "ripeline.web.settings.people",
    "ripeline.web.settings.absences",
    "ripeline.web.settings.company",
    "ripeline.web.settings.model",
    "ripeline.web.settings.prior",
    "ripeline.web.settings.mail",
    "ripeline.web.public.subscriptions",
    "ripeline.web.settings.tracking",
    "ripeline.web.settings.reasons",
    "ripeline.web.lists.leads",
    "ripeline.web.lists.kept",
    "ripeline.web.lists.many",
    "ripeline.web.lists.export",
    "ripeline.web.lists.jobs",
    "ripeline.web.today.today",
    "ripeline.web.doors.lead_new",
    "ripeline.web.acting.lead_answers",
    "ripeline.web.lists.duplicates",
    "ripeline.web.lists.companies",
    "ripeline.web.doors.card_files",
    "ripeline.web.doors.calls",
    "ripeline.web.record.lead",
    "ripeline.web.acting.verbs",
    "ripeline.web.acting.opinions",
    "ripeline.web.acting.consents",
    "ripeline.web.imports.imports",
    "ripeline.web.doors.doors",
    "ripeline.web.doors.giving",
    "ripeline.web.doors.linking",
    "ripeline.web.doors.booths",
    "ripeline.web.doors.booth",
    "ripeline.web.doors.hooks",
    "ripeline.web.settings.keys",
    "ripeline.web.doors.standard",
    "ripeline.web.doors.form_page",
    "ripeline.web.insight.insight",
    "ripeline.web.insight.rightness",
    "ripeline.web.insight.leaks",
    "ripeline.web.insight.market",
)

urlpatterns: list[URLPattern | URLResolver] = [path("", include(module)) for module in SCREENS]
urlpatterns += [path("api/v1/", include((api_urls.urlpatterns, "api")))]
urlpatterns += [path("", include("ripeline.api.hooks")), path("", include("ripeline.api.mail_events"))]

handler400 = "ripeline.web.frame.errors.bad_request"
handler403 = "ripeline.web.frame.errors.forbidden"
handler404 = "ripeline.web.frame.errors.not_found"
handler500 = "ripeline.web.frame.errors.broken"
