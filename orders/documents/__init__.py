"""Invoices and credit notes: what they say, their numbers, and the page of each."""
