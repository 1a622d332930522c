### Binding at first sign-in, tickets, recovery codes.

bind-trouble-ticket-wrong = That is not a valid enrolment ticket for this account. Check the code; if it is older than its time, ask your administrator for a new one.
bind-trouble-name-taken = You already have a device of that name. Choose another name.
bind-trouble-name-invalid = Only letters, digits, hyphens (-) and underscores (_) are allowed.
bind-trouble-limit-reached = No more devices of this kind can be bound. Unbind one first.
bind-trouble-bound-already = This key or passkey is bound already. Use another one.
bind-trouble-kind-not-accepted = This key did not check who you are by PIN or biometrics, and that is required here. Set a PIN on it, or bind another kind.
bind-trouble-too-weak = That device is bound, but it is not strong enough for what you are signing in to. Bind one of these.
bind-trouble-not-kept = Keep the recovery codes first, then tick the box.
