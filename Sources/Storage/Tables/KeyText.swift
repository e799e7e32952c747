import Vocabulary

/// A text of a key, compared as the tables do it: byte by byte. Swift takes texts for equal that are written with other
/// characters, and orders them otherwise.
struct KeyText: Comparable, Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: KeyText, right: KeyText) -> Bool { left.text.hasBytes(of: right.text) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    static func < (left: KeyText, right: KeyText) -> Bool { left.text.precedesInBytes(right.text) }
}
