### The administrators' pages.

admin-not-allowed = Your role does not allow this. Ask an owner or an administrator.
admin-second-factor-first = Administrators need a second factor. Bind an authenticator app or a passkey under Security Information, then come back.
