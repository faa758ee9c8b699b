"""What stands for drawing a PDF, where a test is about something else."""

from models.correspondence.attachment import Taken
from models.correspondence.file_kind import FileKind
from models.correspondence.paper import Paper


def printed(paper: Paper) -> Taken:
    return Taken(paper.sha256, "agreement.pdf", FileKind.PDF, 1_000)
