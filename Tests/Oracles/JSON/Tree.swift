/// A text as its Unicode scalars. A `String`, in contrast, equals another that differs only in normalisation.
public struct Text: Hashable, Sendable {
    public var scalars: [Unicode.Scalar]

    public init(_ string: String) { scalars = Array(string.unicodeScalars) }

    public var string: String {
        var string = String.UnicodeScalarView()
        string.append(contentsOf: scalars)
        return String(string)
    }

    public func precedes(_ other: Text) -> Bool { scalars.lexicographicallyPrecedes(other.scalars) }
}

/// The meaning of a JSON value: members without order, numbers as their text.
public indirect enum Tree: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(Text)
    case array([Tree])
    case object([Text: Tree])
}

extension [Text: Tree] {
    /// The order of a dictionary differs in each process; with this order a seed always gives the same result.
    public var sorted: [(name: Text, value: Tree)] {
        map { (name: $0.key, value: $0.value) }.sorted { $0.name.precedes($1.name) }
    }
}
