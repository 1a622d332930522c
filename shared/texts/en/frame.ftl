### What stands on every page, and words used everywhere.

product = Samekey
skip-to-content = Skip to the form
need-help = Need help? Contact { $contact }
