"""The call that is being answered: its time, its caller, its transactions."""
