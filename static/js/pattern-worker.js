// Tries a requester's patterns on an answer; says the number of the first that does not match. A pattern that is none here
// is passed over: the server knows more of them.
onmessage = (event) => {
  const { value, patterns } = event.data;
  const wrong = patterns.findIndex(([pattern, flags]) => {
    try {
      return !new RegExp(pattern, flags).test(value);
    } catch {
      return false;
    }
  });
  postMessage(wrong < 0 ? null : wrong);
};
