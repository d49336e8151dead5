"""What a worker is told who cannot do what was asked."""


class Refused(Exception):
    """A worker cannot do that. `code` is for programs, `message` for the person.

    Codes about HITs: already_accepted, already_done, blocked, unqualified, unavailable, no_such_hit,
    no_such_assignment, not_accepted, too_late, bad_answer, bad_worker_id; about qualifications:
    no_such_qualification_type, no_such_request, unavailable, has_qualification, has_request, no_retry, too_late,
    bad_answer, bad_worker_id.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
