"""What is asked: documents, page ranges, models, and what the simulated vendor charges for them."""

import json
import uuid
from dataclasses import dataclass

CATEGORIES = [
    {"label": "invoice", "description": "A bill requesting payment"},
    {"label": "contract", "description": "A legally binding agreement"},
    {"label": "other", "description": "Anything else"},
]


@dataclass(frozen=True)
class Question:
    """One classification; equal questions share a result within an account."""

    document: str
    model: str = "gpt-4o-mini"
    pages: str | None = None  # page_range

    def body(self, spelling=0):
        """The request's body; spellings differ only in what must not matter."""
        members = {"document_id": self.document, "classification_schema": CATEGORIES, "query_model": self.model}
        if self.pages is not None:
            members["page_range"] = self.pages
        if spelling % 2:
            members = dict(reversed(members.items()))
        return json.dumps(members, separators=(",", ":") if spelling % 3 else None).encode()


def document(random):
    """A document that was never asked about before."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def page_count(document):
    """The simulated vendor's number of pages for a document that no control call has set."""
    return sum(document.encode()) % 10 + 1


def new_question(random):
    name = document(random)
    model = random.choices(["gpt-4o-mini", "gpt-4o", "gpt-3.5-turbo"], [8, 2, 2])[0]
    pages = None
    if random.random() < 0.6:
        # Within the document, so that the estimate equals the vendor's charge.
        last = random.randint(1, page_count(name))
        first = random.randint(1, last)
        pages = f"{first}-{last}" if first < last else f"{last}"
    return Question(name, model, pages)
