"""What a browser makes of a page: the test that a text stayed a text."""

from html.parser import HTMLParser


class Read(HTMLParser):
    """What a browser makes of it: the tags with their attributes, and the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        self.values.append(data)


def read(html: str) -> Read:
    reader = Read()
    reader.feed(html)
    reader.close()
    return reader
