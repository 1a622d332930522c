### The administrators' pages.
