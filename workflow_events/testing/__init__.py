"""For people who write receivers: a plugin of pytest, whose fixtures come by themselves.

`plugin` says what every test gets, and which fixtures a test can ask for.
"""
