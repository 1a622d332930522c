### Problems and refusals: what happened, what to do.
