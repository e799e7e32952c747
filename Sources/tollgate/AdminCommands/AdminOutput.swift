import AdminClient
import Forms
import JSON

/// What a command has to print.
enum AdminOutput {
    case list(AdminListing, ResourceMembers)
    case one(JSONValue, ResourceMembers)
    /// A sentence for people; programs read the exit status.
    case done(String)

    /// The text for standard output, with its last line break; empty where there is nothing to say.
    func text(_ format: OutputFormat) -> String {
        switch (self, format) {
        case (.list(let listing, let resource), .table): TableText.list(listing.items, columns: resource.columns)
        case (.list(let listing, let resource), .csv): CSVText.records(listing.items, members: resource.members)
        case (.list(let listing, _), .json): Self.json(.array(listing.items))
        case (.one(let object, _), .table): TableText.one(object)
        case (.one(let object, let resource), .csv): CSVText.records([object], members: resource.members)
        case (.one(let object, _), .json): Self.json(object)
        case (.done(let sentence), .table): TerminalText.cleaned(sentence) + "\n"
        case (.done, .json), (.done, .csv): ""
        }
    }

    /// What the person at the terminal has to know beside the answer.
    var remark: String? {
        guard case .list(let listing, _) = self, listing.isCut else { return nil }
        return "these are only the first \(listing.items.count) items; there are more"
    }

    /// Numbers keep the digits that the gateway wrote; controls are escaped.
    private static func json(_ value: JSONValue) -> String { String(decoding: value.text, as: UTF8.self) + "\n" }
}
