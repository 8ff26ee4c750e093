"""An address as this slice knows it for good: the HMAC of its normal form under the installation's key."""

from django.utils.crypto import salted_hmac

from ripeline.base.addresses import email_key


def address_hash(address: str) -> str:
    """The hash by which consent and suppression know an address; "" for what is none.

    A part after + is kept: it can be another mailbox, and suppressing too little is seen, suppressing another is not.
    """
    key = email_key(address)
    return salted_hmac("ripeline.outbox.address", key, algorithm="sha256").hexdigest() if key else ""


def key_check() -> str:
    """What is the same as long as the key is: under another one no hash would be found again."""
    return salted_hmac("ripeline.outbox.check", "key", algorithm="sha256").hexdigest()
