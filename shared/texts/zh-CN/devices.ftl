### Kinds of devices, their levels, and what to do with each.
