"""Every address of the screens: each screen module has its own `urlpatterns`; a new screen adds its line here."""

from django.urls import URLPattern, URLResolver, include, path

from ripeline.api import urls as api_urls

SCREENS = (
    "ripeline.web.shell",
    "ripeline.web.ready",
    "ripeline.web.first_run",
    "ripeline.web.sign_in",
    "ripeline.web.profile",
    "ripeline.web.people",
    "ripeline.web.absences",
    "ripeline.web.company",
    "ripeline.web.model",
    "ripeline.web.prior",
    "ripeline.web.mail",
    "ripeline.web.subscriptions",
    "ripeline.web.tracking",
    "ripeline.web.leads",
    "ripeline.web.kept",
    "ripeline.web.many",
    "ripeline.web.export",
    "ripeline.web.today",
    "ripeline.web.lead_new",
    "ripeline.web.lead_answers",
    "ripeline.web.duplicates",
    "ripeline.web.card_files",
    "ripeline.web.calls",
    "ripeline.web.lead",
    "ripeline.web.verbs",
    "ripeline.web.opinions",
    "ripeline.web.consents",
    "ripeline.web.imports",
    "ripeline.web.doors",
    "ripeline.web.giving",
    "ripeline.web.linking",
    "ripeline.web.booths",
    "ripeline.web.booth",
    "ripeline.web.hooks",
    "ripeline.web.keys",
    "ripeline.web.standard",
    "ripeline.web.form_page",
    "ripeline.web.insight",
    "ripeline.web.rightness",
    "ripeline.web.leaks",
    "ripeline.web.market",
)

urlpatterns: list[URLPattern | URLResolver] = [path("", include(module)) for module in SCREENS]
urlpatterns += [path("api/v1/", include((api_urls.urlpatterns, "api")))]
urlpatterns += [path("", include("ripeline.api.hooks")), path("", include("ripeline.api.mail_events"))]

handler400 = "ripeline.web.errors.bad_request"
handler403 = "ripeline.web.errors.forbidden"
handler404 = "ripeline.web.errors.not_found"
handler500 = "ripeline.web.errors.broken"
