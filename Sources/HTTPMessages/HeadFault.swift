/// What can be wrong with the lines of a head, of a request or of a response.
public enum HeadFault: Equatable, Sendable, CaseIterable {
    case bareLineFeed, bareCarriageReturn, controlCharacter, foldedLine, spaceBeforeFirstField
    case emptyFieldName, fieldNameNotToken, spaceBeforeColon, noColon

    var message: String {
        switch self {
        case .bareLineFeed: "A line of the head ends with LF alone; lines end with CRLF."
        case .bareCarriageReturn: "The head has a CR that no LF follows; lines end with CRLF."
        case .controlCharacter: "A field value has a control character; remove or encode it."
        case .foldedLine: "A field value goes on in a second line (obs-fold); put it on one line."
        case .spaceBeforeFirstField: "White space stands before the first field line; remove it."
        case .emptyFieldName: "A field line has an empty name."
        case .fieldNameNotToken: "A field name has a character that no name may have."
        case .spaceBeforeColon: "White space stands between a field name and its colon; remove it."
        case .noColon: "A field line has no colon."
        }
    }
}
