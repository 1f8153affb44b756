// The owner of the precompiled header.
