### What a login on a terminal says.
