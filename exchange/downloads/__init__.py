"""What people take away as a file: a module for each table, which yields its headings and then its rows."""
