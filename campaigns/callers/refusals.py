"""Refusals about callers."""

from campaigns.errors import AlreadyExists, Invalid, NotFound, Refusal, TooMany, Unidentified


class CredentialsMissing(Unidentified):
    """Nothing was sent."""

    reason = "CREDENTIALS_MISSING"


class CredentialsInvalid(Unidentified):
    """What was sent is worth nothing."""

    reason = "CREDENTIALS_INVALID"


class CredentialsExpired(Unidentified):
    """What was sent was worth something once."""

    reason = "CREDENTIALS_EXPIRED"


class TooManyGuesses(TooMany):
    """The caller tried too many codes that do not exist, and is not told about any for a while."""

    reason = "TOO_MANY_GUESSES"


class PermissionDenied(Refusal):
    """The caller is known, and their role does not include this."""

    reason = "PERMISSION_DENIED"


class SignInRefused(Unidentified):
    """The name, the password or the account is not one that is let in."""

    reason = "SIGN_IN_REFUSED"


class KeyNotFound(NotFound):
    reason = "KEY_NOT_FOUND"


class StaffNotFound(NotFound):
    reason = "STAFF_NOT_FOUND"


class StaffExists(AlreadyExists):
    reason = "STAFF_EXISTS"


class InvalidStaff(Invalid):
    reason = "INVALID_STAFF"


class InvalidKey(Invalid):
    """For nobody, for no role or for no time."""

    reason = "INVALID_KEY"
