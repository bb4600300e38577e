"""Writing a receiver or an event, with its test, for somebody who begins one."""
