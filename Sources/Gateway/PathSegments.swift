/// Walks over the segments of a path: what stands between its slashes, without the empty one that a slash at the end
/// makes. Pure; copies nothing.
struct PathSegments {
    /// Of the slash before the next segment; the length of the path at its end.
    private var slash = 0

    init(_ path: Span<UInt8>) { slash = Self.slash(in: path, from: 0) }

    /// The place of the next segment, which may be empty; nil after the last.
    ///
    /// - Parameter path: the one that it was made with.
    mutating func next(in path: Span<UInt8>) -> Range<Int>? {
        let start = slash + 1
        guard start < path.count else { return nil }
        slash = Self.slash(in: path, from: start)
        return start..<slash
    }

    private static func slash(in path: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < path.count, path[index] != UInt8(ascii: "/") { index += 1 }
        return index
    }
}
