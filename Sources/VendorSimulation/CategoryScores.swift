/// How well each category fits a document: shares of 10,000 that add up to exactly that.
///
/// The same document and categories have the same scores, in any order.
struct CategoryScores: Equatable {
    /// In ten-thousandths, in the order of the categories.
    let shares: [Int]
    /// The index of the category that fits best.
    let best: Int

    init(_ categories: [ClassifyQuestion.Category], documentID: String, kind: DocumentKind) {
        let weights = categories.map { CategoryScores.weight(of: $0, documentID: documentID, kind: kind) }
        best = categories.indices.max { left, right in
            // Labels differ, so the best category does not depend on the order.
            if weights[left] != weights[right] { return weights[left] < weights[right] }
            return categories[left].label.utf8.lexicographicallyPrecedes(categories[right].label.utf8)
        }!
        let bestShare = 8_000 + weights[best] % 1_500
        let others = weights.reduce(0, +) - weights[best]
        var shares = weights.map { (10_000 - bestShare) * $0 / others }
        shares[best] = 0
        shares[best] = 10_000 - shares.reduce(0, +)
        self.shares = shares
    }

    /// The number of keywords found decides; a hash of all texts breaks ties.
    private static func weight(of category: ClassifyQuestion.Category, documentID: String, kind: DocumentKind) -> Int {
        let text = Array((category.label + " " + category.description).utf8).map(lowercased)
        let found = kind.keywords.filter { contains(text, Array($0.utf8)) }.count
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a, 64 bits
        for part in [documentID, category.label, category.description] {
            for byte in part.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01b3
        }
        return found * 10_000 + Int(hash >> 33) % 1_000 + 1
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    private static func contains(_ text: [UInt8], _ word: [UInt8]) -> Bool {
        guard text.count >= word.count else { return false }
        for start in 0...(text.count - word.count) where text[start] == word[0] {
            if text[start..<(start + word.count)].elementsEqual(word) { return true }
        }
        return false
    }

    /// A share as a JSON number without trailing zeros: `0.9312`.
    static func text(ofShare share: Int) -> String {
        var digits = String(share % 10_000 + 10_000).dropFirst()
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return "\(share / 10_000).\(digits)"
    }
}
