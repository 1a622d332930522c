### Binding at first sign-in, tickets, recovery codes.
