"""FormattedContent: the XHTML inside a QuestionForm. Source: api, section Formatted Content: XHTML."""

from lxml import etree

from .safely import PARSER_OPTIONS, DocumentError, Element, XHTMLError, complaint
from .schemas import schema

NAMESPACE = "http://www.w3.org/1999/xhtml"
_BEGIN, _END = f'<FormattedContent xmlns="{NAMESPACE}">', "</FormattedContent>"
_PARSER = etree.XMLParser(**(PARSER_OPTIONS | {"remove_comments": False, "remove_pis": False}))


def check_formatted_content(text: str, line: int = 1) -> None:
    """XHTMLError if this is not the XHTML that is allowed; `line` is where the text begins in its document.

    As the reference says (api:3792-3815): the text becomes the content of an element, which has to fit a schema. What
    passes means the same to a browser's HTML parser, so it can be shown as it is (in a frame of its own: it may have
    links, pictures and frames of any host): comments, instructions and CDATA, which it would not, are refused.
    """
    try:
        root: Element = etree.fromstring(f"{_BEGIN}{text}{_END}".encode(), _PARSER)
    except etree.XMLSyntaxError as error:
        at = line + (error.lineno or 1) - 1
        raise XHTMLError(f"The FormattedContent is not well-formed XHTML: {complaint(error)}", at) from error
    if "<![CDATA[" in text:
        raise XHTMLError("A FormattedContent cannot have a CDATA section inside its own.", line)
    for node in root.iter(etree.Comment, etree.ProcessingInstruction, etree.Entity):
        at = line + (node.sourceline or 1) - 1
        if node.tag is etree.Comment:
            raise XHTMLError("Comments (<!-- … -->) are not allowed in FormattedContent.", at)
        if node.tag is etree.Entity:
            raise XHTMLError(f"The entity {node.text[:100]} is not defined; write the character or its number.", at)
        raise XHTMLError("Processing instructions (<? … ?>) are not allowed in FormattedContent.", at)
    try:
        schema("FormattedContent-2006-07-14").check(root)
    except DocumentError as error:
        # libxml2 lists the first ten elements that would have been allowed; here that is never the one that was meant.
        reason = error.message.partition("; expected is ")[0].rstrip(".")
        raise XHTMLError(f"In FormattedContent: {reason}.", line + (error.line or 1) - 1) from error
