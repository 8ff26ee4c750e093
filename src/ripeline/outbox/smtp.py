"""Mail over SMTP: one connection for many mails, and no doubt about what was handed over. Knows no Django."""

import re
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from ripeline.outbox.mail import Mail, ascii_domain
from ripeline.outbox.rules import is_bad_address, one_line
from ripeline.outbox.transport import Outcome, Result, UnreachableError

PORTS = {"smtps": 465, "smtp+tls": 587, "smtp": 25}
TIMEOUT = 30.0  # seconds for each step; rules.UNDER_WAY is longer than all of them together
IDLE = 20.0  # seconds after which a kept connection is asked whether it still lives
_GONE = (smtplib.SMTPServerDisconnected, OSError)
_LINE_WITH_DOT = re.compile(rb"(?m)^\.")


class Smtp:
    """A mail server by its URL (`smtps://`, `smtp+tls://`, `smtp://`)."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or "localhost"
        self._port = parts.port or PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._timeout = timeout
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0
        self.name = f"{self._host}:{self._port}"

    def ready(self) -> None:
        if self._smtp and time.monotonic() - self._used_at > IDLE:
            try:
                alive = self._smtp.noop()[0] == 250
            except _GONE:
                alive = False
            if not alive:
                self.close()
        self._connected()

    def hand_over(self, mail: Mail) -> Result:
        content = _quoted(mail.as_bytes())
        try:
            result = self._envelope(mail) or self._content(content)
        except _GONE as problem:  # before the content: nothing was taken
            self.close()
            return Result(Outcome.LATER, one_line(f"The connection was lost: {problem}"))
        if result.outcome in (Outcome.LATER, Outcome.BAD_ADDRESS, Outcome.REFUSED):
            self._begin_anew()
        return result

    def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp:
            with suppress(smtplib.SMTPException, OSError):
                smtp.close()

    def leave(self) -> None:
        """Say goodbye."""
        if self._smtp:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
        self.close()

    def _connected(self) -> smtplib.SMTP:
        if self._smtp is None:
            self._smtp = self._connect()
        self._used_at = time.monotonic()
        return self._smtp

    def _connect(self) -> smtplib.SMTP:
        """A connection that is encrypted and signed in as asked for, or UnreachableError with what to do."""
        try:
            context = ssl.create_default_context()
            smtp = (
                smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
                if self._scheme == "smtps"
                else smtplib.SMTP(self._host, self._port, timeout=self._timeout)
            )
        except Exception as problem:
            raise self._explained(problem) from problem
        try:
            smtp.ehlo_or_helo_if_needed()
            if self._scheme == "smtp+tls":
                smtp.starttls(context=context)
                smtp.ehlo()
            if self._user:
                smtp.login(self._user, self._password)
        except Exception as problem:
            smtp.close()
            raise self._explained(problem) from problem
        return smtp

    def _explained(self, problem: Exception) -> UnreachableError:
        """What went wrong on the way to the server, and what helps."""
        setting = "RIPELINE_SMTP_URL"
        where = f"The mail server {self.name}"
        if isinstance(problem, smtplib.SMTPAuthenticationError):
            return UnreachableError(
                f"{where} refuses the user or password ({_said(problem.smtp_code, problem.smtp_error)}).",
                f"Correct user and password in {setting}; write %40 for @, %3A for : and %2F for /.",
            )
        if isinstance(problem, ssl.SSLCertVerificationError):
            return UnreachableError(
                f"{where} shows a certificate that cannot be trusted ({problem.verify_message}).",
                "Use the name that is in the certificate; for an authority of your own set SSL_CERT_FILE.",
            )
        if isinstance(problem, ssl.SSLError):
            return UnreachableError(
                f"{where} does not speak TLS there ({one_line(str(problem), 120)}).",
                f"smtps:// is for port 465, smtp+tls:// for 587: check {setting}.",
            )
        if isinstance(problem, socket.gaierror):
            return UnreachableError(f"There is no host {self._host}.", f"Check the name in {setting}, and the DNS.")
        if isinstance(problem, smtplib.SMTPNotSupportedError):
            return UnreachableError(
                f"{where} offers no {'STARTTLS' if 'STARTTLS' in str(problem) else 'sign-in'}.",
                f"Use smtps:// with port 465, or ask whoever runs it; then correct {setting}.",
            )
        if isinstance(problem, smtplib.SMTPResponseException):
            said = _said(problem.smtp_code, problem.smtp_error)
            return UnreachableError(f"{where} turned us away: {said}", "Ask whoever runs it; mail waits meanwhile.")
        return UnreachableError(
            f"{where} does not answer ({one_line(str(problem), 120) or type(problem).__name__}).",
            f"Check host and port in {setting}, the firewall, and that it runs; mail waits meanwhile.",
        )

    def _envelope(self, mail: Mail) -> Result | None:
        """Sender, recipient and the wish to send; None when the server now waits for the content."""
        smtp = self._connected()
        if mail.needs_utf8 and not smtp.has_extn("smtputf8"):
            return Result(Outcome.REFUSED, "The mail server takes no addresses with such letters (SMTPUTF8).")
        options = ["SMTPUTF8", "BODY=8BITMIME"] if mail.needs_utf8 else []
        sender = mail.envelope_sender
        try:
            code, words = smtp.mail(sender, options)
        except _GONE:  # it had hung up since the last mail: once more on a new connection
            self.close()
            smtp = self._connected()
            code, words = smtp.mail(sender, options)
        if code >= 500:
            raise UnreachableError(
                f"The mail server {self.name} takes no mail from {sender}: {_said(code, words)}",
                "Correct RIPELINE_MAIL_FROM, or let the server accept it; mail waits meanwhile.",
            )
        if code != 250:
            return self._not_now(code, words)
        code, words = smtp.docmd("RCPT", f"TO:<{ascii_domain(mail.to.address)}>")
        if code not in (250, 251):
            said = _said(code, words)
            if code >= 500:
                return Result(Outcome.BAD_ADDRESS if is_bad_address(code, said) else Outcome.REFUSED, said)
            return self._not_now(code, words)
        code, words = smtp.docmd("DATA")
        if code == 354:
            return None
        return Result(Outcome.REFUSED, _said(code, words)) if code >= 500 else self._not_now(code, words)

    def _content(self, content: bytes) -> Result:
        """From here on it may have been taken, whatever we hear."""
        smtp = self._connected()
        try:
            smtp.send(content)
            code, words = smtp.getreply()
        except _GONE as problem:
            self.close()
            return Result(Outcome.DOUBT, one_line(f"The connection was lost while it was handed over: {problem}"))
        said = _said(code, words)
        if code == 250:
            return Result(Outcome.SENT, said)
        if code >= 500:
            return Result(Outcome.REFUSED, said)
        return self._not_now(code, words) if 400 <= code < 500 else Result(Outcome.DOUBT, said)

    def _not_now(self, code: int, words: bytes) -> Result:
        if code == 421:  # it is about to hang up
            self.close()
        return Result(Outcome.LATER, _said(code, words))

    def _begin_anew(self) -> None:
        if self._smtp:
            try:
                self._smtp.rset()
            except (*_GONE, smtplib.SMTPException):
                self.close()


def _said(code: int, words: bytes | str) -> str:
    return one_line(f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}")


def _quoted(content: bytes) -> bytes:
    """As it goes over the wire: no line is taken for the end, and the end."""
    body = _LINE_WITH_DOT.sub(b"..", content)
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
