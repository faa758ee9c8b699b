"""Files that people send in: looked at (`taking`), kept outside the web root (`store`), and scanned (`scanner`)."""
