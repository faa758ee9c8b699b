"""Documents as PDF: tagged, so that a screen reader finds headings and tables, with the page as the original."""
