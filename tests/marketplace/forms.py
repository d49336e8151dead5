"""QuestionForms to try: the reference's own, and parts to put into it."""

from tests.marketplace.making import HTML, SCHEMAS

# The reference's complete QuestionForm (api:3467-3541), its exercises for free text and its other kinds of content.
GAME = f"""<QuestionForm xmlns="{SCHEMAS}2005-10-01/QuestionForm.xsd">
<Overview>
<Title>Game 01523, "X" to play</Title>
<Text>
You are helping to decide the next move in a game of Tic-Tac-Toe.
</Text>
<Binary>
<MimeType>
<Type>image</Type>
<SubType>gif</SubType>
</MimeType>
<DataURL>http://tictactoe.amazon.com/game/01523/board.gif</DataURL>
<AltText>The game board, with "X" to move.</AltText>
</Binary>
<Text>
Player "X" has the next move.
</Text>
</Overview>
<Question>
<QuestionIdentifier>nextmove</QuestionIdentifier>
<DisplayName>The Next Move</DisplayName>
<IsRequired>true</IsRequired>
<QuestionContent>
<Text>
What are the coordinates of the best move for player "X" in this game?
</Text>
</QuestionContent>
<AnswerSpecification>
<FreeTextAnswer>
<Constraints>
<Length minLength="2" maxLength="2" />
</Constraints>
<DefaultText>C1</DefaultText>
</FreeTextAnswer>
</AnswerSpecification>
</Question>
<Question>
<QuestionIdentifier>likelytowin</QuestionIdentifier>
<DisplayName>The Next Move</DisplayName>
<IsRequired>true</IsRequired>
<QuestionContent>
<Text>
How likely is it that player "X" will win this game?
</Text>
</QuestionContent>
<AnswerSpecification>
<SelectionAnswer>
<StyleSuggestion>radiobutton</StyleSuggestion>
<Selections>
<Selection>
<SelectionIdentifier>notlikely</SelectionIdentifier>
<Text>Not likely</Text>
</Selection>
<Selection>
<SelectionIdentifier>unsure</SelectionIdentifier>
<Text>It could go either way</Text>
</Selection>
<Selection>
<SelectionIdentifier>likely</SelectionIdentifier>
<Text>Likely</Text>
</Selection>
</Selections>
</SelectionAnswer>
</AnswerSpecification>
</Question>
</QuestionForm>"""
NEWER = GAME.replace("2005-10-01", "2017-11-06")
PAGE = f"""<HTMLQuestion xmlns="{SCHEMAS}2011-11-11/HTMLQuestion.xsd">
<HTMLContent><![CDATA[
<!DOCTYPE html>
<html>
<head>
<meta http-equiv='Content-Type' content='text/html; charset=UTF-8'/>
<script type='text/javascript' src='https://s3.amazonaws.com/mturk-public/externalHIT_v1.js'></script>
</head>
<body>
<form name='mturk_form' method='post' id='mturk_form' action='https://www.mturk.com/mturk/externalSubmit'>
<input type='hidden' value='' name='assignmentId' id='assignmentId'/>
<h1>What's up?</h1>
<p><textarea name='comment' cols='80' rows='3'></textarea></p>
<p><input type='submit' id='submitButton' value='Submit' /></p></form>
<script language='Javascript'>turkSetAssignmentID();</script>
</body>
</html>
]]>
</HTMLContent>
<FrameHeight>0</FrameHeight>
</HTMLQuestion>"""
CROWD = PAGE.replace("<form", "<crowd-form><crowd-classifier categories=\"['A', 'B']\"\n></crowd-classifier><form")
FREE_TEXT = GAME[GAME.index("<FreeTextAnswer>") : GAME.index("</AnswerSpecification>")]


def free_text(constraints):
    return GAME.replace(FREE_TEXT, f"<FreeTextAnswer><Constraints>{constraints}</Constraints></FreeTextAnswer>")


def specified(specification, form=GAME):
    return form.replace(FREE_TEXT, specification)


def with_content(content, form=GAME):
    return form.replace('<Text>\nPlayer "X" has the next move.\n</Text>', content)


def formatted(xhtml):
    return with_content(f"<FormattedContent><![CDATA[{xhtml}]]></FormattedContent>")


UPLOAD = (
    "<FileUploadAnswer><MaxFileSizeInBytes>3000000</MaxFileSizeInBytes>"
    "<MinFileSizeInBytes>1000</MinFileSizeInBytes></FileUploadAnswer>"
)
UPLOAD_WRONG = (
    "<FileUploadAnswer>\n<MinFileSizeInBytes>1000</MinFileSizeInBytes>"
    "<MaxFileSizeInBytes>3000000</MaxFileSizeInBytes></FileUploadAnswer>"
)
APPLET = """<Application><JavaApplet><AppletPath>http://tictactoe.amazon.com/applets/</AppletPath>
<AppletFilename>GameViewer.class</AppletFilename><Width>400</Width><Height>300</Height>
<ApplicationParameter><Name>game_id</Name><Value>01523</Value></ApplicationParameter></JavaApplet></Application>"""
FLASH = """<Application><Flash><FlashMovieURL>https://x.example.org/m.swf</FlashMovieURL><Width>4</Width>
<Height>3</Height></Flash></Application>"""
EMBEDDED = """<EmbeddedBinary><EmbeddedMimeType><Type>video</Type></EmbeddedMimeType>
<DataURL>https://x.example.org/v.mp4</DataURL><AltText/><Width>400</Width><Height>300</Height>
<ApplicationParameter><Name>a</Name><Value>b</Value></ApplicationParameter></EmbeddedBinary>"""
BOARD = """
<table border="1">
<tr>
<td></td>
<td align="center">1</td>
</tr>
<tr>
<td align="right">A</td>
<td align="center"><b>X</b></td>
<td align="center">&#160;</td>
</tr>
<tr>
<td align="center" colspan="4">It is <b>X</b>'s turn.</td>
</tr>
</table>
"""
QUESTION = GAME[GAME.index("<Question>") : GAME.index("</Question>") + len("</Question>")]
SECOND = GAME[GAME.rindex("<Question>") : GAME.rindex("</Question>") + len("</Question>")]
OVERVIEW = GAME[GAME.index("<Overview>") : GAME.index("</Overview>") + len("</Overview>")]


def page(inside):
    return HTML.replace("<form>", inside + "<form>")
