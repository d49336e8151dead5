"""What an answer sheet scores: question by question, the sum, and the value MTurk makes of it. Pure."""

from dataclasses import dataclass, field

from marketplace import documents


@dataclass(frozen=True, slots=True)
class Mark:
    """One question of a marked sheet. `right` is None where the key says nothing about it, or gives nothing for it."""

    identifier: str
    title: str
    text: str
    given: list[str]
    wanted: list[str]
    score: int | None = None
    best: int | None = None
    right: bool | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole answer sheet beside its key. `value` is None without a key; `problem` is a sentence, or empty."""

    marks: list[Mark] = field(default_factory=list)
    total: int | None = None
    value: int | None = None
    problem: str = ""


def score_of(key: str, answer: str) -> int | None:
    """The value these answers get by this AnswerKey; None without a usable key."""
    if not key:
        return None
    try:
        return documents.parse_answer_key(key).score(documents.parse_answers(answer) if answer.strip() else [])
    except documents.DocumentError:
        return None


def mark(test: str, key: str, answer: str) -> Sheet:
    """Lay the answers beside test and key. Never raises: all three are somebody's documents."""
    problems = []
    form = parsed_key = None
    answers: list[documents.Answer] = []
    try:
        form = documents.parse_question(test) if test.strip() else None
    except documents.DocumentError as error:
        problems.append(f"The test cannot be read: {error}")
    try:
        parsed_key = documents.parse_answer_key(key) if key.strip() else None
    except documents.DocumentError as error:
        problems.append(f"The answer key cannot be read: {error}")
    try:
        answers = documents.parse_answers(answer) if answer.strip() else []
    except documents.DocumentError as error:
        problems.append(f"The answers cannot be read: {error}")
    return lay_out(form, parsed_key, answers, problem=" ".join(problems))


def lay_out(
    form: documents.Question | None,
    key: documents.AnswerKey | None,
    answers: list[documents.Answer],
    *,
    problem: str = "",
) -> Sheet:
    by_question: dict[str, list[documents.Answer]] = {}
    for answer in answers:
        by_question.setdefault(answer.question_identifier, []).append(answer)
    keys = {question.identifier: question for question in key.questions} if key else {}
    names = [question.identifier for question in form.questions] if form else []
    names += [name for name in by_question if name not in names]
    marks = []
    total = 0
    for name in names:
        question = form.find(name) if form else None
        given = by_question.get(name, [])
        words = [word for answer in given for word in _words(question, answer)]
        its = keys.get(name)
        if its is None:
            marks.append(_plain(name, question, words))
            continue
        chosen: frozenset[str] | None = frozenset(
            " ".join(one.split()) for answer in given for one in answer.selection_identifiers
        )
        if not given or any(answer.free_text is not None or (answer.other_selection or "").strip() for answer in given):
            chosen = None
        score = its.score(chosen)
        best = max([its.default, *[value for _, value in its.options]])
        total += score
        best_ones = [ids for ids, value in its.options if value == best] if best > its.default else []
        wanted = [" and ".join(sorted(_label(question, one) for one in ids)) for ids in best_ones]
        right = None if best == min([its.default, *[value for _, value in its.options]]) else score == best
        marks.append(
            Mark(
                name,
                question.display_name if question else "",
                question.text if question else "",
                words,
                wanted,
                score,
                best,
                right,
            )
        )
    if key is None:
        return Sheet(marks, problem=problem)
    # Questions the key names and the test lacks score their default, as MTurk counts them.
    total += sum(question.score(None) for question in key.questions if question.identifier not in names)
    return Sheet(marks, total, key.score(answers), problem)


def _plain(name: str, question: documents.FormQuestion | None, words: list[str]) -> Mark:
    return Mark(name, question.display_name if question else "", question.text if question else "", words, [])


def _words(question: documents.FormQuestion | None, answer: documents.Answer) -> list[str]:
    words = [_label(question, one) for one in answer.selection_identifiers]
    if answer.free_text:
        words.append(answer.free_text)
    if answer.other_selection:
        words.append(answer.other_selection)
    if answer.uploaded_file_key:
        words.append(f"a file of {answer.uploaded_file_size or 0} bytes")
    return words


def _label(question: documents.FormQuestion | None, identifier: str) -> str:
    return question.label(identifier) if question else identifier
