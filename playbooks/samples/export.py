"""Write invoices as CSV."""

import csv
import sys


def export_due(invoices, out=sys.stdout):
    writer = csv.writer(out)
    for number, invoice in enumerate(invoices):
        if number == 0:
            writer.writerow(["number", "due", "amount"])
        writer.writerow([invoice.number, invoice.due, invoice.amount])
