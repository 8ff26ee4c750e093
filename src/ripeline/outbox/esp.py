"""Mail through the API of an e-mail service provider, by django-anymail."""

from contextlib import suppress
from typing import Any

import requests
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMultiAlternatives, get_connection

from ripeline.outbox.mail import Mail, plain
from ripeline.outbox.rules import one_line
from ripeline.outbox.transport import Outcome, Result, UnreachableError

_ADVICE = "Check RIPELINE_MAIL_ESP_KEY and what the provider's own pages say; mail waits meanwhile."

_STATUS = {
    "invalid": Outcome.BAD_ADDRESS,
    "rejected": Outcome.BAD_ADDRESS,
    "failed": Outcome.REFUSED,
    "unknown": Outcome.DOUBT,
}


class Esp:
    """A provider by anymail's name for it."""

    def __init__(self, provider: str) -> None:
        self.name = provider.capitalize()
        self._backend: Any = get_connection(f"anymail.backends.{provider}.EmailBackend")

    def ready(self) -> None:
        self._backend.open()

    def hand_over(self, mail: Mail) -> Result:
        letter = EmailMultiAlternatives(
            subject=plain(mail.subject),
            body=mail.text,
            from_email=mail.sender.shown(),
            to=[mail.to.shown()],
            reply_to=[mail.reply_to.shown()] if mail.reply_to else None,
            headers={**mail.headers, "Message-ID": mail.message_id},
        )
        letter.attach_alternative(mail.html, "text/html")
        try:
            self._backend.send_messages([letter])
        except AnymailRecipientsRefused as refusal:
            return Result(Outcome.BAD_ADDRESS, one_line(str(refusal)))
        except AnymailAPIError as problem:
            return self._judged(problem)
        except AnymailError as problem:
            return Result(Outcome.REFUSED, one_line(str(problem)))
        statuses = set(letter.anymail_status.status or ()) or {"unknown"}  # type: ignore[attr-defined]
        outcome = next((_STATUS[each] for each in _STATUS if each in statuses), Outcome.SENT)
        named = str(letter.anymail_status.message_id or "")  # type: ignore[attr-defined]
        return Result(outcome, f"{self.name}: {', '.join(sorted(map(str, statuses)))}", named[:200])

    def close(self) -> None:
        with suppress(requests.RequestException):
            self._backend.close()

    def leave(self) -> None:
        self.close()

    def _judged(self, problem: AnymailAPIError) -> Result:
        """What a failed call says about this mail, or UnreachableError where it is not about the mail."""
        code, said = problem.status_code, one_line(str(problem))
        if code is None:
            if isinstance(problem, requests.ConnectionError) and not isinstance(problem, requests.ReadTimeout):
                before_the_request = isinstance(problem, requests.ConnectTimeout) or "Failed to establish" in said
                if before_the_request:
                    raise UnreachableError(f"{self.name} does not answer ({said})", _ADVICE) from problem
            return Result(Outcome.DOUBT, said)
        if code in (401, 403):
            raise UnreachableError(f"{self.name} does not let us in ({said})", _ADVICE) from problem
        if code == 429:
            return Result(Outcome.LATER, said)
        return Result(Outcome.DOUBT if code >= 500 else Outcome.REFUSED, said)
