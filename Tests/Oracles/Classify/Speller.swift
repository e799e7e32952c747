public import TestSupport

/// A writer of meanings in random spellings.
public struct Speller {
    private static let shortEscapes: [Unicode.Scalar: String] = [
        "\"": "\\\"", "\\": "\\\\", "/": "\\/", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r",
        "\t": "\\t",
    ]

    public var random: SeededGenerator
    /// Whether categories may be written in an order other than that of the request.
    public var shufflesCategories: Bool

    public init(random: SeededGenerator, shufflesCategories: Bool = true) {
        (self.random, self.shufflesCategories) = (random, shufflesCategories)
    }

    public mutating func spell(_ meaning: Meaning) -> [UInt8] {
        var members: [(Text, String)] = []
        members.append((Text("document_id"), string(Text(anyCase(meaning.documentID)))))
        var categories = meaning.categories.map { spell($0) }
        if shufflesCategories { categories.shuffle(using: &random) }
        members.append((Text("classification_schema"), list(categories)))
        if let pages = meaning.pages {
            members.append((Text("page_range"), string(Text(spell(pages)))))
        } else if random.chance(1, in: 2) {
            members.append((Text("page_range"), "null"))
        }
        switch (meaning.model == Text("gpt-4o-mini"), Int.random(in: 0..<3, using: &random)) {
        case (true, 0): break
        case (true, 1): members.append((Text("query_model"), "null"))
        default: members.append((Text("query_model"), string(meaning.model)))
        }
        for (name, value) in meaning.others.sorted { members.append((name, spell(value))) }
        return Array((space() + object(members) + space()).utf8)
    }

    public mutating func spell(_ tree: Tree) -> String {
        switch tree {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .number(let text): return text
        case .string(let text): return string(text)
        case .array(let elements): return list(elements.map { spell($0) })
        case .object(let members): return object(members.sorted.map { ($0.name, spell($0.value)) })
        }
    }

    private mutating func spell(_ category: Meaning.Category) -> String {
        var members = [(Text("label"), string(category.label)), (Text("description"), string(category.description))]
        for (name, value) in category.others.sorted { members.append((name, spell(value))) }
        return object(members)
    }

    /// Parts in any order whose union is the set; they may overlap and have spaces around them.
    public mutating func spell(_ pages: Set<Int>) -> String {
        var left = pages
        var parts: [String] = []
        while let page = left.min() ?? (random.chance(1, in: 4) ? random.pick(pages.sorted()) : nil) {
            var last = page
            while pages.contains(last + 1), random.chance(2, in: 3) { last += 1 }
            left.subtract(page...last)
            if page == last, random.chance(2, in: 3) {
                parts.append(blanks() + "\(page)" + blanks())
            } else {
                parts.append(blanks() + "\(page)" + blanks() + "-" + blanks() + "\(last)" + blanks())
            }
        }
        return parts.shuffled(using: &random).joined(separator: ",")
    }

    private mutating func object(_ members: [(Text, String)]) -> String {
        var parts: [String] = []
        for (name, value) in members.shuffled(using: &random) {
            parts.append(space() + string(name) + space() + ":" + space() + value + space())
        }
        return "{" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "}"
    }

    private mutating func list(_ elements: [String]) -> String {
        var parts: [String] = []
        for element in elements { parts.append(space() + element + space()) }
        return "[" + (parts.isEmpty ? space() : parts.joined(separator: ",")) + "]"
    }

    private mutating func string(_ text: Text) -> String {
        var spelling = "\""
        for scalar in text.scalars { spelling += character(scalar) }
        return spelling + "\""
    }

    private mutating func character(_ scalar: Unicode.Scalar) -> String {
        let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
        if !mustEscape, random.chance(3, in: 4) { return String(Character(scalar)) }
        if let escape = Self.shortEscapes[scalar], random.chance(1, in: 2) { return escape }
        return String(Character(scalar)).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + anyCase(digits)
        }.joined()
    }

    private mutating func anyCase(_ text: String) -> String {
        var mixed = ""
        for character in text { mixed += random.chance(1, in: 2) ? character.uppercased() : character.lowercased() }
        return mixed
    }

    private mutating func space() -> String {
        guard random.chance(1, in: 4) else { return "" }
        return random.pick([" ", "\n", "\t", "\r\n", "  "])
    }

    private mutating func blanks() -> String { random.pick(["", "", "", " ", "   "]) }
}
