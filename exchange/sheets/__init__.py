"""Tables that people send in as spreadsheets (`reading`), and that are given out to be filled in (`template`)."""
