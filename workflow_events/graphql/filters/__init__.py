"""The filters of the lists: one class per kind, one declaration per member."""
