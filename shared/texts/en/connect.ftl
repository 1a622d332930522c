### Signing in a device that has no browser of its own.

connect-title = Sign in a device
connect-text = A device or program without a browser of its own, such as a television or a command line, shows you a code.
connect-code = Code of the device
connect-code-hint = Type the code that your own device shows, such as BCDF-GHJK. Never type one that somebody sent you.
connect-no-code = A code has eight letters, such as BCDF-GHJK.
connect-unknown = No device waits with that code. Compare it with your device; after ten minutes it needs a new one.
connect-too-many = Too many wrong codes. Try again in { $minutes } min.
connect-question = Is this your own device, and did you begin this yourself just now?
connect-phishing = If somebody sent you the code, or reads it to you, refuse: they want into your account. Nobody who helps you ever needs this.
connect-elsewhere = The device asks from another place than the one you are at. Go on only if you know why.
connect-application = Application
connect-source = Asks from
connect-agent = Calls itself
connect-account = Signs in as
connect-asked-at = Asked at
connect-asked-at-value = { $moment } ({ $left } s left)
connect-will-know = It will know:
connect-allow = Sign in this device
connect-deny = Refuse
connect-another = Sign in another device
connect-approved = Device signed in
connect-approved-text = Go back to your device: it goes on by itself in a few seconds. You can close this page.
connect-denied = Device refused
connect-denied-text = The device gets nothing. If somebody sent you its code, tell your administrator.
connect-gone = Device not signed in
connect-gone-text = Its time ran out, or it was decided before. Let your device show a new code.
