/// Masks one of the vendor's keys in content that is passed on in pieces. Pure; lengths stay, as `SecretScrubber` says.
///
/// A key that is cut by the border of two pieces is found too: the end of a piece that may begin a key is held back
/// until the next one. Across a border only the forms as they are count, not their spellings.
public struct ScrubbedStream {
    private let scrubber: SecretScrubber
    /// Whether spellings are looked for: in texts. Other content has every byte by chance, and would be decoded in
    /// vain.
    private let isText: Bool
    private var held: [UInt8] = []

    public init(_ scrubber: SecretScrubber, isText: Bool) {
        self.scrubber = scrubber
        self.isText = isText
    }

    /// Takes the next piece; returns what may be passed on.
    public mutating func add(_ piece: [UInt8]) -> [UInt8] {
        let text = masked(held.isEmpty ? piece : held + piece)
        let end = text.count - scrubber.beginning(atEndOf: text)
        guard end < text.count else {
            if !held.isEmpty { held = [] }
            return text
        }
        held = Array(text[end...])
        return Array(text[..<end])
    }

    /// The content has ended; returns what was held back.
    public mutating func end() -> [UInt8] {
        defer { held = [] }
        return held
    }

    private func masked(_ text: [UInt8]) -> [UInt8] { isText ? scrubber.scrub(text) : scrubber.scrubForms(text) }
}
