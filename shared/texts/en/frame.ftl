### What stands on every page, and words used everywhere.

product = Samekey
skip-to-content = Skip to the form
need-help = Need help? Contact { $contact }
frame-your-administrator = your administrator
frame-account = Account
frame-security = Security Information
frame-approve = Approve a login
frame-administration = Administration
frame-home = Overview
frame-sign-out = Sign out
frame-language = Language
frame-next = Next
frame-continue = Continue
frame-cancel = Cancel
frame-back = Back
frame-ok = OK
frame-error-code = Error code:
frame-request = Request:
frame-start-again = Start again
frame-going-on = Going on
frame-back-to-application = Back to the application
