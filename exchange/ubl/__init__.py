"""Invoices and credit notes as UBL 2.1, out and in. Written ones keep the rules of EN 16931."""
