### Approving a login elsewhere.
