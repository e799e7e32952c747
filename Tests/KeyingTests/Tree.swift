/// A text as its characters: unlike a `String`, which is equal to another one that is only normalised otherwise.
struct Text: Hashable {
    var scalars: [Unicode.Scalar]

    init(_ string: String) { scalars = Array(string.unicodeScalars) }

    var string: String {
        var string = String.UnicodeScalarView()
        string.append(contentsOf: scalars)
        return String(string)
    }

    func precedes(_ other: Text) -> Bool { scalars.lexicographicallyPrecedes(other.scalars) }
}

/// A JSON value as what it means: members without order, numbers as their text.
indirect enum Tree: Hashable {
    case null
    case bool(Bool)
    case number(String)
    case string(Text)
    case array([Tree])
    case object([Text: Tree])
}

extension [Text: Tree] {
    /// A dictionary has another order in each process; what one seed makes of this order is always the same.
    var sorted: [(name: Text, value: Tree)] {
        map { (name: $0.key, value: $0.value) }.sorted { $0.name.precedes($1.name) }
    }
}
