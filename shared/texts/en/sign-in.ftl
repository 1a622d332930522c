### Signing in on the web.
