public import TestSupport

/// A generator of meanings from few parts, so that many are nearly equal and some are equal.
public struct MeaningGenerator {
    public var random: SeededGenerator

    public init(random: SeededGenerator) { self.random = random }

    private static let documents = [
        "0b13c9f2-5148-4ffb-bb7b-de03bb071ca8", "0b13c9f2-5148-4ffb-bb7b-de03bb071ca9",
        "abcdefab-cdef-abcd-efab-cdefabcdefab",
    ]
    private static let texts = [
        "", "a", "b", "ab", "A", "\"", "\\", "/", "\\u0061", "\\\"", "\u{0}", "\u{1F}", "\n", "\t", "\u{8}", "\u{C}",
        "\r",
        "\u{7F}", "\u{E9}", "e\u{301}", "\u{2028}", "\u{FFFD}", "\u{FFFF}", "\u{1F600}", "\u{10FFFF}", "null", "1",
        "\",\"a\":\"", "}", "],[", "label", "page_range ", "1-3",
    ].map(Text.init)
    private static let numbers = [
        "0", "-0", "1", "1.0", "1e0", "10", "1e400", "123456789012345678901234567890", "-1", "0.1",
    ]
    private static let models = ["gpt-4o-mini", "gpt-4o", "gpt-4o-mini ", "", "\u{E9}", "e\u{301}"].map(Text.init)

    public mutating func make() -> Meaning {
        var labels = Set<Text>()
        while labels.count < Int.random(in: 2...4, using: &random) { labels.insert(label()) }
        // The order of a set differs in each process; once sorted, the same seed makes the same meaning.
        let ordered = labels.sorted { $0.precedes($1) }
        return Meaning(
            documentID: random.pick(Self.documents),
            categories: ordered.shuffled(using: &random).map { category($0) },
            pages: random.chance(1, in: 3) ? nil : pages(),
            model: model(),
            others: random.chance(1, in: 2) ? [:] : members(depth: 3, known: [])
        )
    }

    /// A meaning that differs from the given one in one place or, by chance, in none.
    public mutating func neighbour(of meaning: Meaning) -> Meaning {
        var other = meaning
        let index = Int.random(in: other.categories.indices, using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: other.documentID = random.pick(Self.documents)
        case 1: other.model = model()
        case 2:
            other.pages =
                random.chance(1, in: 3) ? nil : (other.pages ?? []).union([Int.random(in: 1...9, using: &random)])
        case 3: other.categories.shuffle(using: &random)
        case 4: other.categories[index].description = random.pick(Self.texts)
        case 5:
            let label = label()
            if !other.categories.contains(where: { $0.label == label }) { other.categories[index].label = label }
        case 6: other.categories[index].others = members(depth: 2, known: ["label"])
        case 7: if let (name, value) = other.others.sorted.first { other.others[name] = neighbour(of: value) }
        default: other.others[random.pick(Self.texts)] = tree(depth: 1)
        }
        return other
    }

    private mutating func neighbour(of tree: Tree) -> Tree {
        switch tree {
        case .null, .bool: return random.pick([.null, .bool(true), .bool(false), .string(Text("null"))])
        case .number(let text): return random.pick([.number(random.pick(Self.numbers)), .string(Text(text))])
        case .string(let text): return random.pick([.string(random.pick(Self.texts)), .array([.string(text)])])
        case .array(var elements):
            guard !elements.isEmpty else { return .array([.null]) }
            let index = Int.random(in: elements.indices, using: &random)
            if random.chance(1, in: 2) {
                elements.shuffle(using: &random)
            } else {
                elements[index] = neighbour(of: elements[index])
            }
            return .array(elements)
        case .object(var members):
            members[random.pick(Self.texts)] = random.chance(1, in: 4) ? nil : self.tree(depth: 0)
            return .object(members)
        }
    }

    private mutating func label() -> Text {
        let text = random.pick(Self.texts)
        return text.scalars.isEmpty ? Text("a label") : text
    }

    private mutating func category(_ label: Text) -> Meaning.Category {
        let others = random.chance(1, in: 4) ? members(depth: 2, known: ["label"]) : [:]
        return Meaning.Category(label: label, description: random.pick(Self.texts), others: others)
    }

    private mutating func model() -> Text {
        let model = random.pick(Self.models)
        return model.scalars.isEmpty ? Text("gpt-4o-mini") : model
    }

    private mutating func pages() -> Set<Int> {
        var pages = Set<Int>()
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let first = Int.random(in: 1...9, using: &random)
            pages.formUnion(first...(first + Int.random(in: 0...3, using: &random)))
        }
        if random.chance(1, in: 30) { pages.insert(1_000_000) }
        return pages
    }

    public mutating func tree(depth: Int) -> Tree {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 4), using: &random) {
        case 0: return .null
        case 1: return .bool(random.chance(1, in: 2))
        case 2: return .number(random.pick(Self.numbers))
        case 3: return .string(random.pick(Self.texts))
        case 4:
            var elements: [Tree] = []
            for _ in 0..<Int.random(in: 0...3, using: &random) { elements.append(tree(depth: depth - 1)) }
            return .array(elements)
        default: return .object(members(depth: depth, known: []))
        }
    }

    /// Members of any names but the ones known at their place.
    private mutating func members(depth: Int, known: Set<String>) -> [Text: Tree] {
        var members: [Text: Tree] = [:]
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let name = random.pick(Self.texts)
            if !known.contains(name.string) { members[name] = tree(depth: depth - 1) }
        }
        // Above this number the names of an object are searched in another way.
        if random.chance(1, in: 20) { for index in 0..<14 { members[Text("many\(index)")] = .null } }
        return members
    }
}
