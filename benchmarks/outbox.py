"""Mails a process writes, claims, re-checks, records and hands over to a local sink, beside bare smtplib."""

import os
import smtplib
import statistics
import time
from collections.abc import Callable, Iterator

from benchmarks import _pace
from benchmarks._figures import Figure, database
from benchmarks._sink import sink

MAILS = 1_000
ROUNDS = 3
TEXT = {"subject": "Thank you", "text": "We call you tomorrow.\n\nUntil then, here is what others asked us."}
GOAL = 300  # mails/s a process, PERFORMANCE of the design


def run(say: Callable[[str], None]) -> Iterator[Figure]:
    with sink() as (port, _):
        os.environ |= {
            "RIPELINE_SMTP_URL": f"smtp://127.0.0.1:{port}",
            "RIPELINE_MAIL_FROM": "Northwind <leads@northwind.example>",
            "RIPELINE_LOG_LEVEL": "error",
        }
        with database() as url:
            pace = _pace.measured(url)
            yield Figure("pace", pace, "of the goals' machine", 1)
            yield from _compared(say, port, pace)


def _compared(say: Callable[[str], None], port: int, pace: float) -> Iterator[Figure]:
    from ripeline.outbox import delivery
    from ripeline.outbox.models import Message, MessageState

    ours, bare = [], []
    for number in range(ROUNDS):
        say(f"Round {number + 1} of {ROUNDS}: {MAILS:,} mails to leads, half of them for a purpose …")
        _queue(number)
        content = delivery.written(Message.objects.filter(state="waiting", kind="thanks")[0]).as_bytes()
        sender = delivery.Sender(answered=lambda _: set())
        began = time.perf_counter()
        while sender.work():
            pass
        ours.append(MAILS / (time.perf_counter() - began))
        sender.close()
        bare.append(_bare(port, content))
        sent = Message.objects.filter(state=MessageState.SENT).count()
        assert sent == MAILS * (number + 1), f"{sent} were sent"
    value, limit = statistics.median(ours), statistics.median(bare)
    yield Figure(
        "outbox_mails",
        value,
        "mails/s",
        MAILS,
        limit=limit,
        peer="smtplib, ready bytes, same sink",
        ratio=value / limit,
    )
    yield Figure("outbox_goal", value, "mails/s", MAILS, **_pace.reached(value, GOAL, pace, is_rate=True))


def _queue(number: int) -> None:
    from django.db import transaction

    from ripeline.base.ids import new_id
    from ripeline.outbox import actions, consent
    from ripeline.outbox.consent import Evidence

    with transaction.atomic():
        for each in range(MAILS):
            to, lead_id = f"p{each}-{number}@northgate.example", new_id()
            given = {"to": to, "name": "Priya Raman", "lead_id": lead_id, "key": "1", "context": TEXT}
            if each % 2:
                consent.give(to=to, purpose=actions.NEWS, evidence=Evidence("benchmark"))
                actions.send(kind="letter", purpose=actions.NEWS, **given)
            else:
                actions.send(kind="thanks", **given)


def _bare(port: int, content: bytes) -> float:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        began = time.perf_counter()
        for each in range(MAILS):
            smtp.sendmail("leads@northwind.example", [f"p{each}@northgate.example"], content)
        return MAILS / (time.perf_counter() - began)
