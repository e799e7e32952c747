import Cryptography
import Keying
import Oracles
import TestSupport
import Vocabulary

/// Any bytes, read as the body of a classify request: it has the key of another body if the two mean the same, and only
/// then.
struct KeyTarget {
    private static let scope = KeyScope(account: AccountID(rawValue: "default"), team: nil)

    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        for order in [SchemaOrder.insignificant, .significant] { try check(order) }
        _ = try? ClassifyReader().read(
            input.span,
            schemaOrder: .insignificant,
            of: SavedClassifier(identifier: "saved", epoch: 1)
        )
    }

    private func check(_ order: SchemaOrder) throws(BrokenRule) {
        let reading = NaiveJSON.read(input).map(NaiveClassify.read) ?? .refused
        let request: ClassifyRequest
        do throws(KeyingFault) {
            request = try ClassifyReader().read(input.span, schemaOrder: order)
        } catch {
            guard case .refused = reading else { return try hold(false, "a sound question is taken: \(error.message)") }
            return
        }
        try hold(try read(request.canonical, order).canonical == request.canonical, "a canonical form is its own")
        switch reading {
        case .refused: try hold(false, "what docs/keying.md refuses is refused")
        case .large: break
        case .meaning(let meaning): try check(request, meaning, order)
        }
    }

    private func check(_ request: ClassifyRequest, _ meaning: Meaning, _ order: SchemaOrder) throws(BrokenRule) {
        try hold(request.documentID == meaning.documentID, "the document is the one that was asked about")
        try hold(Text(request.model) == meaning.model, "the model is the one that was asked for")
        try hold(
            request.pages.map { Set($0.ranges.joined()) } == meaning.pages,
            "the pages are those that were asked for"
        )
        let labels = meaning.categories.map { Array($0.label.string.utf8) }
        let ordered = order == .significant ? labels : labels.sorted { $0.lexicographicallyPrecedes($1) }
        try hold(request.labels == ordered, "the labels are those of the question")

        let seed = Pieces.seed(input)
        var speller = Speller(
            random: SeededGenerator(seed: seed),
            shufflesCategories: order == .insignificant
        )
        let key = key(request)
        let again = try read(speller.spell(meaning), order)
        try hold(self.key(again) == key, "the same meaning in another spelling has the same key")
        try hold(
            again.canonical == request.canonical,
            "the same meaning in another spelling has the same canonical form"
        )

        var generator = MeaningGenerator(random: SeededGenerator(seed: ~seed))
        let neighbour = generator.neighbour(of: meaning)
        let isSame = order == .significant ? neighbour == meaning : neighbour.unordered == meaning.unordered
        let other = try read(speller.spell(neighbour), order)
        try hold((self.key(other) == key) == isSame, "another meaning has another key")
    }

    private func read(_ body: [UInt8], _ order: SchemaOrder) throws(BrokenRule) -> ClassifyRequest {
        do throws(KeyingFault) {
            return try ClassifyReader().read(body.span, schemaOrder: order)
        } catch {
            throw BrokenRule(description: "a body that means a question is taken: \(error.message)")
        }
    }

    private func key(_ request: ClassifyRequest) -> CacheKey { request.key(in: Self.scope, with: SHA256Hasher()) }
}
