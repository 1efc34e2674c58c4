"""Words for made data: what a field called `email`, `sku` or `city` plausibly holds, so that data is readable.

The values of one person (or thing) agree: at the same index stand the same name and email. Ada is the first.
"""

from __future__ import annotations

__all__ = ["text_for"]

_PEOPLE = (
    ("Ada", "Lovelace"), ("Grace", "Hopper"), ("Alan", "Turing"), ("Barbara", "Liskov"), ("Edsger", "Dijkstra"),
    ("Katherine", "Johnson"), ("Donald", "Knuth"), ("Frances", "Allen"), ("Leslie", "Lamport"), ("Radia", "Perlman"),
    ("Tony", "Hoare"), ("Margaret", "Hamilton"), ("Niklaus", "Wirth"), ("Shafi", "Goldwasser"), ("John", "Backus"),
    ("Karen", "Jones"),
)  # fmt: skip
_WORDS: dict[str, tuple[str, ...]] = {
    "sku": ("tea", "coffee", "cocoa", "sugar", "honey", "biscuits", "cups", "kettle", "spoons", "lemon"),
    "city": ("London", "Lisbon", "Nairobi", "Osaka", "Lima", "Oslo", "Austin", "Zagreb", "Accra", "Perth"),
    "country": ("GB", "PT", "KE", "JP", "PE", "NO", "US", "HR", "GH", "AU"),
    "currency": ("EUR", "USD", "GBP", "JPY", "CHF"),
    "street": ("1 High Street", "22 Mill Lane", "7 Station Road", "40 Harbour Quay", "15 Garden Row"),
    "company": ("Analytical Engines", "Harbour Freight", "Northwind", "Blue Kettle", "Fabrikam"),
    "status": ("new", "open", "done"),
    "color": ("red", "green", "blue", "black", "white"),
    "method": ("card", "transfer", "voucher"),
    "language": ("en", "pt", "sw", "ja", "es"),
}
_SYNONYMS = {
    "product": "sku", "item": "sku", "article": "sku", "town": "city", "address": "street", "colour": "color",
    "organisation": "company", "organization": "company", "merchant": "company", "locale": "language",
    "state": "status", "line": "street",
}  # fmt: skip
_PHONE, _ZIP, _URL = "+44 20 7946 {number:04d}", "1{number:04d}", "https://example.com/{owner}/{number}"
_FORMS = {
    "phone": _PHONE, "mobile": _PHONE, "telephone": _PHONE, "postcode": _ZIP, "zip": _ZIP, "url": _URL, "uri": _URL,
    "link": _URL, "website": _URL,
}  # fmt: skip


def text_for(field: str, owner: str, index: int) -> str:
    """Return the text of a field for the index-th person or thing.

    Args:
        field: The field's name, such as `email` or `shipping_city`.
        owner: What the field belongs to, such as `order`; names ids.
        index: From 0; different indices give different texts wherever the word alone tells things apart.
    """
    words = field.lower().split("_")
    if words[-1] in ("id", "key", "reference", "ref", "number", "code", "token"):
        return f"{'-'.join(words[:-1]) or owner}-{index + 1}"
    if words[-1] in ("email", "mail"):
        return f"{_person(index)[0].lower()}{_again(index, len(_PEOPLE), '')}@example.com"
    if words[-1] in ("name", "customer", "user", "recipient", "author", "owner"):
        return _name(words, owner, index)
    if words[-1] in _FORMS:
        return _FORMS[words[-1]].format(owner=owner, number=index % 10_000)
    return _word(words[-1], field, index)


def _name(words: list[str], owner: str, index: int) -> str:
    first, second = _person(index)
    if words[0] in ("first", "given"):
        return first
    if words[0] in ("last", "family", "sur"):
        return second
    if owner in ("product", "item", "sku", "article"):
        return _word("sku", "sku", index)
    return f"{first}{_again(index, len(_PEOPLE), ' ')}"


def _word(word: str, field: str, index: int) -> str:
    known = _WORDS.get(_SYNONYMS.get(word, word))
    if known is None:
        return f"{field.replace('_', ' ')} {index + 1}"
    plain = word in ("country", "currency", "status", "state", "language", "locale")
    return known[index % len(known)] + ("" if plain else _again(index, len(known), "-"))


def _person(index: int) -> tuple[str, str]:
    return _PEOPLE[index % len(_PEOPLE)]


def _again(index: int, known: int, separator: str) -> str:
    """Return what tells the second Ada from the first."""
    return "" if index < known else f"{separator}{index // known + 1}"
