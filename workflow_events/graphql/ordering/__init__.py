"""The orders of the lists: one class per kind of key, one declaration per list."""
