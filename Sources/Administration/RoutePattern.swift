import Forms

/// The paths that one pattern stands for: as many segments, the exact ones equal byte for byte.
struct RoutePattern: Equatable {
    private enum Segment: Equatable { case exact(String), parameter }

    private let segments: [Segment]

    /// Traps on what does not begin with a slash.
    init(_ text: String) {
        guard let parts = Self.split(text) else { preconditionFailure("a pattern begins with a slash: \(text)") }
        segments = parts.map { $0.hasPrefix("{") && $0.hasSuffix("}") ? .parameter : .exact(String($0)) }
    }

    /// The segments of a path; nil for what is none.
    static func split(_ path: String) -> [Substring]? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        return path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    }

    /// What stands in the place of the parameters, in order; nil when the path is another one.
    func parameters(_ path: [Substring]) -> [String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String] = []
        for (segment, shown) in zip(segments, path) {
            switch segment {
            case .exact(let text): if !text.utf8.elementsEqual(shown.utf8) { return nil }
            case .parameter:
                guard Identifier.isSound(String(shown)) else { return nil }
                parameters.append(String(shown))
            }
        }
        return parameters
    }

    /// Whether some path belongs to both.
    func overlaps(_ other: RoutePattern) -> Bool {
        segments.count == other.segments.count
            && zip(segments, other.segments).allSatisfy { one, two in
                one == two || one == .parameter || two == .parameter
            }
    }
}
