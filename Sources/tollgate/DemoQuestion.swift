/// Bodies of classify requests as the teams of the demo send them.
enum DemoQuestion {
    private static let labels = [
        ("invoice", "A document requesting payment for goods or services rendered"),
        ("contract", "A legally binding agreement between two or more parties"),
        ("letter", "Correspondence addressed to a person or a department"),
    ]

    /// What most clients send.
    static func ordinary(_ document: (id: String, pages: Int)) -> [UInt8] {
        body(document.id, labels, pages: "1-\(document.pages)")
    }

    /// The same document asked about in one of the ways that a cache cannot help.
    static func other(_ document: (id: String, pages: Int), _ chance: inout DemoChance) -> [UInt8] {
        let pages = "1-\(document.pages)"
        switch chance.below(5) {
        case 0, 1:
            var changed = labels
            changed[0].1 = "A document that requests payment for goods or services"
            return body(document.id, changed, pages: pages)
        case 2: return body(document.id, labels + [("receipt", "A proof of payment")], pages: pages)
        case 3: return body(document.id, labels, pages: nil)
        default: return body(document.id, labels, pages: pages, model: "gpt-4o")
        }
    }

    private static func body(
        _ document: String,
        _ labels: [(String, String)],
        pages: String?,
        model: String? = nil
    ) -> [UInt8] {
        let schema = labels.map { #"{"label": "\#($0.0)", "description": "\#($0.1)"}"# }.joined(separator: ", ")
        var text = #"{"document_id": "\#(document)", "classification_schema": [\#(schema)]"#
        if let pages { text += #", "page_range": "\#(pages)""# }
        if let model { text += #", "query_model": "\#(model)""# }
        return Array((text + "}").utf8)
    }
}

/// Numbers that look random and are the same in each run: SplitMix64 (Steele, Lea, Flood 2014).
struct DemoChance {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    /// From `low` up to, and without, `high`.
    mutating func between(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * Double(next() >> 11) / Double(1 << 53)
    }

    /// From 0 to `count` − 1.
    mutating func below(_ count: Int) -> Int { Int(next() % UInt64(count)) }

    /// In the form of a UUID.
    mutating func uuid() -> String {
        let digits = [next(), next()].map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
        var parts: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }
}
