/** Selected text inside a shadow root, as offsets (UTF-16 units, as everything in a page counts), and its words. */

/** `{start, end}` of what is selected within `box`, or null. */
export function range(box, root) {
  const selection = document.getSelection();
  if (!selection?.rangeCount) {
    return null;
  }
  let found = null;
  if (typeof selection.getComposedRanges === "function") {
    try {
      [found] = selection.getComposedRanges({ shadowRoots: [root] });
    } catch {
      [found] = selection.getComposedRanges(root);
    }
  } else {
    const own = typeof root.getSelection === "function" ? root.getSelection() : selection;
    found = own?.rangeCount ? own.getRangeAt(0) : null;
  }
  if (!found || !box.contains(found.startContainer) || !box.contains(found.endContainer)) {
    return null;
  }
  return { start: offset(box, found.startContainer, found.startOffset), end: offset(box, found.endContainer, found.endOffset) };
}

function offset(box, node, at) {
  const until = document.createRange();
  until.setStart(box, 0);
  until.setEnd(node, at);
  return until.toString().length;
}

/** The offset in `box` below a pointer, or null. */
export function offsetAt({ clientX, clientY }, box, root) {
  const found = document.caretPositionFromPoint
    ? document.caretPositionFromPoint(clientX, clientY, { shadowRoots: [root] })
    : document.caretRangeFromPoint?.(clientX, clientY);
  const [node, at] = [found?.offsetNode ?? found?.startContainer, found?.offset ?? found?.startOffset];
  return node && box.contains(node) ? offset(box, node, at) : null;
}

let last = { text: "", found: [] };

/** `[{start, end}, …]` of the words in `text`. */
export function words(text) {
  if (last.text !== text) {
    const found = [];
    for (const { segment, index, isWordLike } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
      if (isWordLike) {
        found.push({ start: index, end: index + segment.length });
      }
    }
    last = { text, found };
  }
  return last.found;
}
