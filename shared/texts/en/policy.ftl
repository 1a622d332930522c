### Policy and settings, as people and administrators read them.
