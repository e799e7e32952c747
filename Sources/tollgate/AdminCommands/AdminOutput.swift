import AdminClient
import Forms
import JSON

/// The output of a command.
enum AdminOutput {
    case list(AdminListing, ResourceMembers)
    case one(JSONValue, ResourceMembers)
    /// A text for people, with its line breaks.
    case text(String)
    /// A sentence for people; programs use the exit status.
    case done(String)
    /// Another output, with a remark beside it.
    indirect case remarked(AdminOutput, String)

    /// The text for standard output, with its final line break; empty when there is nothing to print.
    ///
    /// - Parameter terminal: what a table is printed on; nil for none.
    func text(_ format: OutputFormat, on terminal: Terminal? = nil) -> String {
        switch (self, format) {
        case (.list(let listing, let resource), .table):
            TableText.list(listing.items, columns: resource.columns, on: terminal)
        case (.list(let listing, let resource), .csv): CSVText.records(listing.items, members: resource.members)
        case (.list(let listing, _), .json): Self.json(.array(listing.items))
        case (.one(let object, _), .table): TableText.one(object)
        case (.one(let object, let resource), .csv): CSVText.records([object], members: resource.members)
        case (.one(let object, _), .json): Self.json(object)
        case (.text(let text), _): text
        case (.done(let sentence), .table): TerminalText.cleaned(sentence) + "\n"
        case (.done, .json), (.done, .csv): ""
        case (.remarked(let output, _), _): output.text(format, on: terminal)
        }
    }

    /// A remark for the person at the terminal, besides the answer.
    var remark: String? {
        switch self {
        case .list(let listing, _) where listing.isCut:
            "these are only the first \(listing.items.count) items; there are more"
        case .list, .one, .text, .done: nil
        case .remarked(let output, let remark): output.remark.map { "\($0)\ntollgate: \(remark)" } ?? remark
        }
    }

    /// Numbers keep the gateway's digits; control characters are escaped.
    private static func json(_ value: JSONValue) -> String { String(decoding: value.text, as: UTF8.self) + "\n" }
}
