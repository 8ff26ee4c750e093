"""What addresses that are their own secret answer to a program: words as JSON, and that it sent too much."""

from django.http import HttpRequest, JsonResponse

KB = 1024


def say(status: int, error: str) -> JsonResponse:
    return JsonResponse({"error": error}, status=status)


def too_large(request: HttpRequest, largest: int) -> JsonResponse | None:
    """The refusal of a body of more than `largest` bytes, before any of it is read."""
    told = str(request.META.get("CONTENT_LENGTH") or 0)
    if told.isdecimal() and int(told[:20]) <= largest:
        return None
    size = f"{largest // KB // KB} MB" if largest >= KB * KB else f"{largest // KB} kB"
    return say(413, f"Send at most {size} at a time.")
