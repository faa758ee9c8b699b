"""Reports: each is one sheet, from which page, PDF, CSV and XLSX are made, so that they say the same."""
