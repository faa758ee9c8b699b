"""An Individual Service Agreement as PDF: what its page says, and nothing else."""

import io
from collections.abc import Callable

from exchange.files.store import Store
from exchange.pdf.fonts import ON_THE_PAGE, drawable
from exchange.pdf.tagged import TaggedPDF
from models.calendar import in_words
from models.correspondence.attachment import Taken
from models.correspondence.file_kind import FileKind
from models.correspondence.paper import Paper

TITLE = "Individual Service Agreement"
NOTE = f"Where this paper says {ON_THE_PAGE}, the page of the portal has the letters that this one cannot draw."


def kept_in(store: Store) -> Callable[[Paper], Taken]:
    """What draws a paper and puts the file into the store, for the verbs that publish it."""

    def keep(paper: Paper) -> Taken:
        sha256, size = store.put(io.BytesIO(agreement_pdf(paper)))
        return Taken(sha256, f"agreement-{paper.item_reference}-version-{paper.version}.pdf", FileKind.PDF, size)

    return keep


def agreement_pdf(paper: Paper) -> bytes:
    """The file of this version. The same paper gives the same bytes."""
    pdf = TaggedPDF(
        f"{TITLE}, version {paper.version}, {paper.item_reference}",
        made_on=paper.made_on,
        foot=f"{paper.council}. {TITLE} {paper.item_reference}, version {paper.version}",
    )
    pdf.heading(f"{TITLE}, version {paper.version}")
    pdf.paragraph(f"Made by {paper.council} on {in_words(paper.made_on)} for agreement in its Provider Portal.")
    pdf.rows(("What", "As agreed"), paper.facts)
    pdf.heading("What is agreed", level=2)
    pdf.numbered(paper.clauses)
    if any(ON_THE_PAGE in drawable(words) for words in (*paper.clauses, *(words for _, words in paper.facts))):
        pdf.paragraph(NOTE)
    pdf.paragraph(f"SHA-256 of what this version says: {paper.sha256}")
    return pdf.finished()
