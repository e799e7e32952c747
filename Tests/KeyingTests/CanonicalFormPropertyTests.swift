import Cryptography
import JSON
import Oracles
import TestSupport
import Testing
import Vocabulary

@testable import Keying

@Suite("Two bodies have one key exactly when they mean the same")
struct CanonicalFormPropertyTests {
    private static let meanings = 1_500

    private let reader = ClassifyReader()
    private let hasher = SHA256Hasher()

    /// The description of each key and the key of each description: the two must agree over the whole run.
    private struct Ledger<Description: Hashable> {
        var keys: [Description: CacheKey] = [:]
        var descriptions: [CacheKey: Description] = [:]

        /// Nil when the pair agrees with all earlier pairs.
        mutating func add(_ description: Description, _ key: CacheKey) -> String? {
            let knownKey = keys.updateValue(key, forKey: description)
            let knownDescription = descriptions.updateValue(description, forKey: key)
            if let knownKey, knownKey != key { return "one meaning has two keys" }
            if let knownDescription, knownDescription != description { return "two meanings have one key" }
            return nil
        }
    }

    private func check<Description: Hashable>(
        _ order: SchemaOrder,
        by description: (Meaning) -> Description
    ) throws {
        let seed = SeededGenerator().seed
        var generator = MeaningGenerator(random: SeededGenerator(seed: seed))
        var speller = Speller(random: SeededGenerator(seed: ~seed), shufflesCategories: order == .insignificant)
        var ledger = Ledger<Description>()
        var meaning = generator.make()
        for number in 0..<Self.meanings {
            meaning = number % 4 == 0 ? generator.make() : generator.neighbour(of: meaning)
            var canonical: [UInt8]?
            for _ in 0..<3 {
                let body = speller.spell(meaning)
                var comment: Comment { "seed \(seed), meaning \(number): \(String(decoding: body, as: UTF8.self))" }
                guard let request = try? reader.read(body.span, schemaOrder: order) else {
                    Issue.record("a valid body is refused; \(comment)")
                    return
                }
                try #require(request.canonical == canonical ?? request.canonical, comment)
                try #require(
                    ledger.add(description(meaning), request.key(in: organisation, with: hasher)) == nil,
                    comment
                )
                canonical = request.canonical
            }
            try checkIdempotent(try #require(canonical), order, "seed \(seed), meaning \(number)")
        }
        // Without both repeated and distinct meanings, nothing would have been compared.
        #expect(ledger.keys.count == ledger.descriptions.count, "seed \(seed)")
        #expect(ledger.keys.count > Self.meanings / 4 && ledger.keys.count < Self.meanings, "seed \(seed)")
    }

    /// The forwarded body is a classify body with the same meaning.
    private func checkIdempotent(_ canonical: [UInt8], _ order: SchemaOrder, _ comment: Comment) throws {
        let again = try? reader.read(canonical.span, schemaOrder: order)
        try #require(again?.canonical == canonical, comment)
        try #require(canonical.allSatisfy { $0 >= 0x20 }, comment)
        try #require(try canonicalForm(canonical) == canonical, comment)
    }

    @Test("where the order of the categories is insignificant")
    func insignificant() throws { try check(.insignificant) { $0.unordered } }

    @Test("where the order of the categories is significant")
    func significant() throws { try check(.significant) { $0 } }

    @Test("what the request says is what was meant, and no member is lost or changed")
    func content() throws {
        let seed = SeededGenerator().seed
        var generator = MeaningGenerator(random: SeededGenerator(seed: seed))
        var speller = Speller(random: SeededGenerator(seed: ~seed), shufflesCategories: false)
        for number in 0..<1_000 {
            let meaning = generator.make()
            var comment: Comment { "seed \(seed), meaning \(number)" }
            let request = try reader.read(speller.spell(meaning).span, schemaOrder: .significant)
            try #require(request.documentID == meaning.documentID, comment)
            try #require(request.labels == meaning.categories.map { Array($0.label.string.utf8) }, comment)
            try #require(request.pages.map { Set($0.ranges.joined()) } == meaning.pages, comment)
            try #require(Text(request.model) == meaning.model, comment)
            try #require(try Tree(json: request.canonical) == Tree(meaning, pageRange: request.pages?.text), comment)
        }
    }
}

extension Tree {
    init(json bytes: [UInt8]) throws { self.init(try JSONValue.parse(bytes.span)) }

    init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .number(let text): self = .number(text)
        case .string(let string): self = .string(Text(string))
        case .array(let elements): self = .array(elements.map(Tree.init))
        case .object(let members):
            self = .object(Dictionary(uniqueKeysWithValues: members.map { (Text($0.name), Tree($0.value)) }))
        }
    }

    /// The body of a meaning with all optional parts written out.
    init(_ meaning: Meaning, pageRange: String?) {
        var members = meaning.others
        members[Text("document_id")] = .string(Text(meaning.documentID))
        members[Text("query_model")] = .string(meaning.model)
        members[Text("page_range")] = pageRange.map { .string(Text($0)) }
        members[Text("classification_schema")] = .array(
            meaning.categories.map { category in
                var members = category.others
                members[Text("label")] = .string(category.label)
                members[Text("description")] = .string(category.description)
                return .object(members)
            }
        )
        self = .object(members)
    }
}
