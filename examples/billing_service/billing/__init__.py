"""Billing: invoices and what has been paid of them."""
