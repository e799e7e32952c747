/// What a classify body means by docs/keying.md, read out of a tree. Shares no code with the rooms.
public enum NaiveClassify {
    public enum Reading {
        case meaning(Meaning)
        /// A question about so many pages that listing them takes too long.
        case large
        case refused
    }

    private struct Refused: Error {}

    private static let pagesListedMax = 3_000

    public static func read(_ tree: Tree) -> Reading {
        do {
            return try meaning(tree)
        } catch {
            return .refused
        }
    }

    private static func meaning(_ tree: Tree) throws -> Reading {
        guard case .object(var members) = tree else { throw Refused() }
        try checkCase(members, of: ["document_id", "classification_schema", "page_range", "query_model"])
        guard case .string(let document)? = members.removeValue(forKey: Text("document_id")),
            case .array(let elements)? = members.removeValue(forKey: Text("classification_schema"))
        else { throw Refused() }
        let categories = try elements.map(category)
        guard categories.count >= 2, Set(categories.map(\.label)).count == categories.count else { throw Refused() }
        let range = try optionalText(members.removeValue(forKey: Text("page_range")))
        let pages = try range.map { try pageRanges($0.string) }
        let model = try optionalText(members.removeValue(forKey: Text("query_model"))) ?? Text("gpt-4o-mini")
        guard !model.scalars.isEmpty else { throw Refused() }
        let id = try uuid(document)
        if let pages, pages.reduce(0, { $0 + $1.count }) > pagesListedMax { return .large }
        return .meaning(
            Meaning(
                documentID: id,
                categories: categories,
                pages: pages.map { Set($0.joined()) },
                model: model,
                others: members
            )
        )
    }

    private static func category(_ tree: Tree) throws -> Meaning.Category {
        guard case .object(var members) = tree else { throw Refused() }
        try checkCase(members, of: ["label", "description"])
        guard case .string(let label)? = members.removeValue(forKey: Text("label")), !label.scalars.isEmpty,
            case .string(let description)? = members.removeValue(forKey: Text("description"))
        else { throw Refused() }
        return Meaning.Category(label: label, description: description, others: members)
    }

    /// A name that is a known one in other letter case is refused.
    private static func checkCase(_ members: [Text: Tree], of known: [String]) throws {
        for name in members.keys where !known.contains(where: { Text($0) == name }) {
            if known.contains(where: { Text($0) == folded(name) }) { throw Refused() }
        }
    }

    /// In lower case, with the two letters beyond ASCII that fold to one of ASCII.
    private static func folded(_ name: Text) -> Text {
        var folded = name
        folded.scalars = name.scalars.map { scalar in
            switch scalar {
            case "\u{17F}": "s"
            case "\u{212A}": "k"
            case "A"..."Z": Unicode.Scalar(scalar.value + 32)!
            default: scalar
            }
        }
        return folded
    }

    private static func optionalText(_ tree: Tree?) throws -> Text? {
        switch tree {
        case nil, .null: return nil
        case .string(let text): return text
        default: throw Refused()
        }
    }

    private static func uuid(_ text: Text) throws -> String {
        let parts = text.string.split(separator: "-", omittingEmptySubsequences: false)
        guard text.scalars.allSatisfy(\.isASCII), parts.map(\.count) == [8, 4, 4, 4, 12],
            parts.joined().allSatisfy(\.isHexDigit)
        else { throw Refused() }
        return text.string.lowercased()
    }

    /// `1-3, 5`: numbers with spaces around them.
    private static func pageRanges(_ text: String) throws -> [ClosedRange<Int>] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count <= 1_000 else { throw Refused() }
        return try parts.map { part in
            let ends = try part.split(separator: "-", omittingEmptySubsequences: false).map(page)
            guard let first = ends.first, let last = ends.last, ends.count <= 2, first <= last else { throw Refused() }
            return first...last
        }
    }

    private static func page(_ text: Substring) throws -> Int {
        var digits = text.unicodeScalars[...]
        while digits.first == " " { digits.removeFirst() }
        while digits.last == " " { digits.removeLast() }
        guard !digits.isEmpty, digits.allSatisfy({ ("0"..."9").contains($0) }) else { throw Refused() }
        while digits.first == "0" { digits.removeFirst() }
        guard digits.count <= 7, let page = Int(String(digits)), (1...1_000_000).contains(page) else { throw Refused() }
        return page
    }
}
